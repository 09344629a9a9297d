import type { KafkaMessage } from 'kafkajs';
import { Intake } from './intake.ts';

let roomAgain: number[];
let intake: Intake;
beforeEach(() => {
  roomAgain = [];
  intake = new Intake(10, (id) => roomAgain.push(id));
  intake.open(1, 5n);
});

const message = (offset: number, value: string | null = `v${offset}`): KafkaMessage => ({
  key: Buffer.from('k'),
  value: value === null ? null : Buffer.from(value),
  headers: {},
  offset: String(offset),
  timestamp: '1700000000000',
  attributes: 0,
});
const range = (from: number, to: number): KafkaMessage[] => Array.from({ length: to - from }, (_, i) => message(from + i));
const read = async (offset: bigint, max = 10): Promise<readonly bigint[]> =>
  (await intake.read([{ partitionId: 1, offset }], 1, max)).flatMap(({ messages }) => messages.map((received) => received.offset));

test('hands out from the position, again and again until the position moves', async () => {
  expect(intake.add(1, range(5, 9))).toBe(true);
  expect(await read(5n, 3)).toEqual([5n, 6n, 7n]);
  expect(await read(5n, 3)).toEqual([5n, 6n, 7n]);
  expect(await read(6n, 3)).toEqual([6n, 7n, 8n]);
  expect(await read(9n)).toEqual([]);
});

test('offsets may be missing, but never come again', async () => {
  expect(intake.add(1, range(7, 9))).toBe(true);
  expect(intake.add(1, range(8, 12))).toBe(false);
  expect(intake.add(1, range(20, 22))).toBe(true);
  expect(await read(5n)).toEqual([7n, 8n, 20n, 21n]);
});

test('what is for a partition that is not open is not kept', async () => {
  expect(intake.add(2, range(0, 3))).toBe(true);
  intake.open(2, 0n);
  expect(await intake.read([{ partitionId: 2, offset: 0n }], 1, 10)).toEqual([]);
});

test('is full at a thousand messages, or a megabyte, and says when half of it is gone', async () => {
  intake.add(1, range(5, 1_004));
  expect(intake.full(1)).toBe(false);
  intake.add(1, range(1_004, 1_005));
  expect(intake.full(1)).toBe(true);
  await read(504n);
  expect([intake.full(1), roomAgain]).toEqual([true, []]);
  await read(505n);
  expect([intake.full(1), roomAgain]).toEqual([false, [1]]);
  intake.open(1, 0n);
  intake.add(1, [message(0, 'x'.repeat(999_998)), message(1, '')]);
  expect(intake.full(1)).toBe(true);
  await read(1n);
  expect([intake.full(1), roomAgain]).toEqual([false, [1, 1]]);
});

test('reads from as many partitions as there is room for, those first that are given first', async () => {
  intake.open(2, 0n);
  intake.open(3, 0n);
  intake.add(1, range(5, 6));
  intake.add(3, range(0, 1));
  const positions = [2, 3, 1].map((partitionId) => ({ partitionId, offset: 0n }));
  expect((await intake.read(positions, 1, 10)).map(({ partitionId }) => partitionId)).toEqual([3]);
  expect((await intake.read(positions, 2, 10)).map(({ partitionId }) => partitionId)).toEqual([3, 1]);
});

test('what other programs leave out or repeat becomes text', async () => {
  const odd: KafkaMessage = { key: null, value: null, offset: '5', timestamp: '1700000000000', attributes: 0, headers: { once: Buffer.from('ö'), twice: [Buffer.from('a'), Buffer.from('b')], none: undefined } };
  intake.add(1, [odd]);
  const [found] = await intake.read([{ partitionId: 1, offset: 5n }], 1, 10);
  expect(found!.messages).toEqual([{ key: '', value: '', headers: { once: 'ö', twice: 'b', none: '' }, offset: 5n, timestamp: 1_700_000_000_000 }]);
});
