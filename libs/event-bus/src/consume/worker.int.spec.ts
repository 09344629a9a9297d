import type { TopicDefinition } from '@heliograph/contracts';
import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import { aborted, Collector, until } from '../contract/collector.ts';
import { EmbeddedEngine, emptyBus, migrateBus } from '../embedded/embedded-engine.ts';
import type { EventBus, ReceivedMessage } from '../port.ts';
import { DependencyAwayError, UnknownMessageError } from './errors.ts';
import { Worker, type WorkerOptions } from './worker.ts';

const TOPIC = 'events';
const DEAD = 'events.dead';
let database: TestDatabase;
let engine: EmbeddedEngine;
let bus: EventBus;
let worker: Worker;
/** What the handler finished, in order. */
let done: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  await migrateBus(database.url);
});
beforeEach(async () => {
  await emptyBus(database.url);
  const definition = (name: string, groups: string[]): TopicDefinition => ({ name, groups, partitions: 4, retentionMs: 3_600_000, carriesText: false });
  engine = new EmbeddedEngine(database.url, [definition(TOPIC, ['workers']), definition(DEAD, [])]);
  bus = await engine.bus();
  done = [];
});
afterEach(() => engine.stop());
afterAll(() => database.drop());

const start = async (fails: (message: ReceivedMessage) => Error | null, options: Partial<WorkerOptions> = {}): Promise<void> => {
  worker = await Worker.start({
    bus,
    topic: TOPIC,
    group: 'workers',
    deadLetterTopic: DEAD,
    unknownRetryMs: 20,
    handle: async ({ messages }) => {
      for (const message of messages) {
        const error = fails(message);
        if (error) throw error;
      }
      done.push(...messages.map(({ value }) => value));
    },
    ...options,
  });
};
const publish = (count: number, key = 'k', from = 0): Promise<void> =>
  bus.publish(TOPIC, Array.from({ length: count }, (_, i) => ({ key, value: `${key}${from + i}`, headers: { traceparent: `${i}` } })));
const values = (count: number, key = 'k', from = 0): string[] => Array.from({ length: count }, (_, i) => `${key}${from + i}`);
const lag = async (): Promise<number> => (await bus.lag())[0]!.messages;
/** Everything that ever came to the dead letters. */
const deadLetters = async (): Promise<Collector> => {
  const collector = new Collector({});
  await collector.subscribe(bus, [DEAD], 'checker');
  return collector;
};

test('offsets are committed after the work', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await start(() => null, { handle: () => held });
  await publish(10);
  expect(await lag()).toBe(10);
  release();
  await until('committed', async () => (await lag()) === 0);
  expect(worker.state).toEqual({ topic: TOPIC, group: 'workers', ready: true, stalled: [] });
});

test('while a dependency is away the work waits, is not ready and says why; nothing is skipped or set aside', async () => {
  let away = true;
  let attempts = 0;
  await start(() => (away ? ((attempts += 1), new DependencyAwayError('no database')) : null));
  await publish(20);
  await until('five attempts', () => attempts >= 5);
  expect(worker.state).toMatchObject({ ready: false, stalled: [{ reason: 'dependency', error: 'DependencyAwayError: no database' }] });
  expect(await lag()).toBe(20);
  away = false;
  await until('all done', async () => (await lag()) === 0);
  expect(done).toEqual(values(20));
  await until('ready', () => worker.state.ready);
  const dead = await deadLetters();
  await bus.publish(DEAD, [{ key: 'control', value: 'control' }]);
  await dead.has(1);
  expect(dead.values()).toEqual(['control']);
});

test('an unknown message stops its partition, after what came before it, until a release knows it', async () => {
  let knows = false;
  let seen = 0;
  await start((message) => (message.value === 'k7' && !knows ? ((seen += 1), new UnknownMessageError('version 2')) : null));
  await publish(20);
  await until('tried again and again', () => seen >= 8);
  await publish(10, 'other');
  await until('the other partition', () => done.includes('other9'));
  expect(done.filter((value) => value.startsWith('k'))).toEqual(values(7));
  expect(worker.state).toMatchObject({ ready: false, stalled: [{ reason: 'unknown-message', error: 'UnknownMessageError: version 2' }] });
  await until('all but those behind it', async () => (await lag()) === 13);
  knows = true;
  await until('all done', async () => (await lag()) === 0);
  expect(done.filter((value) => value.startsWith('k'))).toEqual(values(20));
  expect(worker.state).toMatchObject({ ready: true, stalled: [] });
});

test('messages that fail by themselves, and no others, are set aside after three attempts, with where they come from', async () => {
  const alone = new Map<string, number>();
  const bad = new Set(['k0', 'k41', 'k42', 'k99']);
  await publish(100);
  await start(() => null, {
    handle: async ({ messages }) => {
      if (messages.length === 1) alone.set(messages[0]!.value, (alone.get(messages[0]!.value) ?? 0) + 1);
      if (messages.some(({ value }) => bad.has(value))) throw new TypeError('cannot read properties of undefined');
      done.push(...messages.map(({ value }) => value));
    },
  });
  await until('all done', async () => (await lag()) === 0);
  expect(done).toEqual(values(100).filter((value) => !bad.has(value)));
  expect([...bad].map((value) => alone.get(value))).toEqual([3, 3, 3, 3]);
  const dead = await deadLetters();
  await dead.has(4);
  expect(dead.values()).toEqual(['k0', 'k41', 'k42', 'k99']);
  const [, second] = dead.received;
  expect(second).toMatchObject({
    key: 'k',
    headers: {
      traceparent: '41',
      'dead-letter-topic': TOPIC,
      'dead-letter-offset': '41',
      'dead-letter-group': 'workers',
      'dead-letter-error': 'TypeError: cannot read properties of undefined',
    },
  });
  expect(second!.headers['dead-letter-partition']).toMatch(/^[0-3]$/);
  expect(worker.state.ready).toBe(true);
});

test('the largest message there may be still fits into the dead letters', async () => {
  await start(() => new Error('x'.repeat(5_000)));
  await bus.publish(TOPIC, [{ key: 'k', value: 'x'.repeat(999_999) }]);
  const dead = await deadLetters();
  await dead.has(1);
  expect(dead.values()[0]).toHaveLength(999_999);
});

test('without a group a message that fails by itself is passed over, and nothing is set aside', async () => {
  await start(({ value }) => (value === 'k3' ? new Error('bad') : null), { group: null });
  await publish(10);
  await until('the last', () => done.includes('k9'));
  expect(done).toEqual(values(10).filter((value) => value !== 'k3'));
  const dead = await deadLetters();
  await bus.publish(DEAD, [{ key: 'control', value: 'control' }]);
  await dead.has(1);
  expect(dead.values()).toEqual(['control']);
});

test('a handler that gives up because it was told to stop has not failed', async () => {
  let signal: AbortSignal | undefined;
  await start(() => null, {
    handle: (_, context) => {
      ({ signal } = context);
      return aborted(context.signal).then(() => Promise.reject(new Error('stopped')));
    },
  });
  await publish(1);
  await until('at work', () => signal !== undefined);
  await worker.close();
  expect(worker.state).toMatchObject({ ready: false, stalled: [] });
  expect(await lag()).toBe(1);
  await start(() => null);
  await until('done', () => done.includes('k0'));
});

test('when the bus is away the finished work is committed later, or done again; never lost', async () => {
  await start(() => null, {
    handle: async ({ messages }) => {
      if (done.length === 0) await engine.cut();
      done.push(...messages.map(({ value }) => value));
    },
  });
  await publish(3);
  await until('not ready', () => !worker.state.ready);
  await engine.mend();
  await until('committed', async () => (await lag().catch(() => 1)) === 0);
  await until('ready', () => worker.state.ready);
  expect(done.slice(0, 3)).toEqual(values(3));
});
