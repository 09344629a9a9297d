import fc from 'fast-check';
import { partitionOf } from '../partitioner.ts';
import { ROUND_BYTES, roundsOf } from './rounds.ts';

const PARTITIONS: Readonly<Record<string, number>> = { events: 4, other: 1 };
const partitionsOf = (topic: string): number => PARTITIONS[topic]!;
const inPartition = (rounds: ReturnType<typeof roundsOf>, topic: string, partition: number) =>
  rounds.map((round) => (round.get(topic) ?? []).filter((message) => message.partition === partition));

test('what fits goes in one request, each message to the partition of its key, with its headers', () => {
  const messages = ['a', 'b', 'c'].map((key) => ({ key, value: `of ${key}`, headers: { traceparent: key } }));
  const rounds = roundsOf([{ topic: 'events', messages }, { topic: 'other', messages: [{ key: 'd', value: 'x' }] }], partitionsOf);
  expect(rounds).toHaveLength(1);
  expect(rounds[0]!.get('events')).toEqual(messages.map((message) => ({ ...message, partition: partitionOf(message.key, 4) })));
  expect(rounds[0]!.get('other')).toEqual([{ key: 'd', value: 'x', headers: {}, partition: 0 }]);
});

test('a partition gets no more in one request than Kafka takes; others do not wait for it', () => {
  const large = { key: 'k', value: 'x'.repeat(ROUND_BYTES * 0.4) };
  const rounds = roundsOf([{ topic: 'other', messages: [large, large, large] }, { topic: 'events', messages: [{ key: 'k', value: 'small' }] }], partitionsOf);
  expect(rounds.map((round) => round.get('other')?.length)).toEqual([2, 1]);
  expect(rounds.map((round) => round.get('events')?.length)).toEqual([1, undefined]);
});

test('a message that is larger than that goes alone', () => {
  const largest = { key: 'k', value: 'x'.repeat(ROUND_BYTES - 1) };
  const small = { key: 'k', value: 'small' };
  const rounds = roundsOf([{ topic: 'other', messages: [small, largest, small] }], partitionsOf);
  expect(rounds.map((round) => round.get('other')!.map(({ value }) => value!.length))).toEqual([[5], [ROUND_BYTES - 1], [5]]);
});

test('nothing is lost or doubled, and the order within a partition is kept, whatever the sizes', () => {
  const message = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), size: fc.integer({ min: 0, max: ROUND_BYTES - 1 }) });
  fc.assert(
    fc.property(fc.array(fc.record({ topic: fc.constantFrom('events', 'other'), messages: fc.array(message, { maxLength: 6 }) }), { maxLength: 6 }), (wanted) => {
      let id = 0;
      // Padded by reference to one long text: the values are told apart by their beginning.
      const parcels = wanted.map(({ topic, messages }) => ({ topic, messages: messages.map(({ key, size }) => ({ key, value: `${(id += 1)} ${'x'.repeat(size)}` })) }));
      const rounds = roundsOf(parcels, partitionsOf);
      for (const topic of ['events', 'other']) {
        for (let partition = 0; partition < partitionsOf(topic); partition += 1) {
          const sent = parcels.filter((parcel) => parcel.topic === topic).flatMap(({ messages }) => messages.filter(({ key }) => partitionOf(key, partitionsOf(topic)) === partition));
          const placed = inPartition(rounds, topic, partition);
          expect(placed.flat().map(({ value }) => parseInt(String(value)))).toEqual(sent.map(({ value }) => parseInt(value)));
          for (const some of placed) expect(some.length < 2 || some.reduce((sum, { value }) => sum + value!.length, 0) <= ROUND_BYTES).toBe(true);
        }
      }
    }),
    { numRuns: 30 },
  );
});
