import type { TopicDefinition } from '@heliograph/contracts';
import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import pg from 'pg';
import { aborted, Collector, until } from '../contract/collector.ts';
import { BusUnavailableError } from '../port.ts';
import { Database } from './database.ts';
import { EmbeddedEngine, migrateBus } from './embedded-engine.ts';
import { Membership } from './membership.ts';
import { MessageLog } from './message-log.ts';
import { BusSession } from './session.ts';
import { TopicTable } from './topic-table.ts';

let database: TestDatabase;
let sql: pg.Pool;
let engine: EmbeddedEngine;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrateBus(database.url);
  sql = new pg.Pool({ connectionString: database.url, max: 2 });
});
afterEach(() => engine.stop());
afterAll(async () => {
  await sql.end();
  await database.drop();
});

let topics = 0;
const topic = (definition: Partial<TopicDefinition> = {}): TopicDefinition => ({
  name: `topic.${(topics += 1)}`,
  partitions: 3,
  retentionMs: 3_600_000,
  groups: ['first', 'second'],
  carriesText: true,
  ...definition,
});
const messages = (count: number, prefix = 'm') => Array.from({ length: count }, (_, i) => ({ key: `key ${i}`, value: `${prefix} ${i}` }));
const stored = async ({ name }: TopicDefinition): Promise<string[]> => {
  const { rows } = await sql.query<{ value: string }>(
    'SELECT m.value FROM bus.message m JOIN bus.partition p ON p.id = m.partition_id WHERE p.topic = $1 ORDER BY m.partition_id, m."offset"',
    [name],
  );
  return rows.map(({ value }) => value);
};
const consume = async (name: string, group: string, count: number): Promise<void> => {
  const bus = await engine.bus();
  const collector = new Collector({});
  await collector.subscribe(bus, [name], group);
  await collector.has(count);
  await collector.close();
};
const kill = (condition: string): Promise<unknown> =>
  sql.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${condition}`);
const SESSION = `application_name = 'heliograph event bus'`;

describe('storage is bounded:', () => {
  test('text goes as soon as all groups have committed it, and not before; what carries no text stays', async () => {
    const [text, ids] = [topic({ partitions: 1 }), topic({ partitions: 1, carriesText: false })];
    engine = new EmbeddedEngine(database.url, [text, ids]);
    const bus = await engine.bus();
    await Promise.all([bus.publish(text.name, messages(50)), bus.publish(ids.name, messages(50))]);
    await consume(ids.name, 'first', 50);
    await consume(ids.name, 'second', 50);
    await consume(text.name, 'first', 50);
    // A group that the definition does not name has no say.
    await consume(text.name, 'undeclared', 50);
    expect(await stored(text)).toHaveLength(50);
    const some = new Collector({ work: async ({ messages: [message] }, { commit }) => (message!.value === 'm 0' ? commit(message!.offset + 19n) : undefined) });
    await some.subscribe(bus, [text.name], 'second');
    await until('twenty texts gone', async () => (await stored(text)).length < 50);
    expect(await stored(text)).toEqual(messages(50).slice(20).map(({ value }) => value));
    await some.close();
    await consume(text.name, 'second', 30);
    await until('all text gone', async () => (await stored(text)).length === 0);
    expect(await stored(ids)).toHaveLength(50);
  });

  test('text that no group is to read, as of dead letters, stays until retention ends', async () => {
    const dead = topic({ groups: [] });
    engine = new EmbeddedEngine(database.url, [dead]);
    const bus = await engine.bus();
    await bus.publish(dead.name, messages(5));
    await consume(dead.name, 'somebody', 5);
    const control = topic({ groups: [], retentionMs: 0 });
    await engine.stop();
    engine = new EmbeddedEngine(database.url, [dead, control]);
    await (await engine.bus()).publish(control.name, messages(1));
    // A new instance begins with a round over every partition, in the order of the definitions.
    await (await engine.bus()).publish(control.name, []);
    await until('the control is swept', async () => (await stored(control)).length === 0);
    expect(await stored(dead)).toHaveLength(5);
  });

  test('retention drops what is older, also if nobody read it, and readers go on behind it', async () => {
    const definition = topic({ partitions: 1, carriesText: false });
    engine = new EmbeddedEngine(database.url, [definition]);
    const bus = await engine.bus();
    await bus.publish(definition.name, messages(4_500, 'old'));
    await sql.query(`UPDATE bus.message m SET created_at = now() - interval '2 hours' FROM bus.partition p WHERE p.id = m.partition_id AND p.topic = $1`, [
      definition.name,
    ]);
    await bus.publish(definition.name, messages(3, 'new'));
    const other = await engine.bus();
    await other.publish(definition.name, messages(1, 'newest'));
    await until('old ones gone', async () => (await stored(definition)).length === 4);
    const collector = new Collector({ startAt: async () => 17n });
    await collector.subscribe(other, [definition.name], 'first');
    await collector.has(4);
    expect(collector.values()).toEqual(['new 0', 'new 1', 'new 2', 'newest 0']);
    await until('no lag', async () => (await other.lag()).find(({ group }) => group === 'first')?.messages === 0);
    // The group that never read is behind by what there is, not by what there was.
    expect((await other.lag()).find(({ group }) => group === 'second')).toMatchObject({ messages: 4 });
  });
});

describe('failures of PostgreSQL:', () => {
  test('a session that is terminated is replaced: partitions are given up and taken again, and nothing is lost', async () => {
    const definition = topic();
    engine = new EmbeddedEngine(database.url, [definition]);
    const bus = await engine.bus();
    let signal: AbortSignal | undefined;
    let late: unknown;
    const collector = new Collector({
      work: async ({ messages: batch }, context) => {
        if (!signal) {
          ({ signal } = context);
          await kill(SESSION);
          await aborted(context.signal);
          late = await context.commit(batch.at(-1)!.offset).catch((error: unknown) => error);
          return;
        }
        await context.commit(batch.at(-1)!.offset);
      },
    });
    const subscription = await collector.subscribe(bus, [definition.name], 'first');
    expect(subscription.ready).toBe(true);
    await bus.publish(definition.name, messages(1, 'first'));
    await until('the loss', () => signal?.aborted ?? false);
    expect(subscription.ready).toBe(false);
    await until('a new session', () => subscription.ready);
    await bus.publish(definition.name, messages(30, 'second'));
    await until('all messages', () => new Set(collector.values()).size === 31);
    expect(late).toBeInstanceOf(BusUnavailableError);
    expect(collector.of('key 0').slice(0, 2)).toEqual(['first 0', 'first 0']);
  });

  test('publishers whose connections are terminated at any moment have all of a batch stored, or nothing', async () => {
    const definition = topic({ carriesText: false });
    engine = new EmbeddedEngine(database.url, [definition]);
    const publishers = await Promise.all([engine.bus(), engine.bus(), engine.bus()]);
    const confirmed = new Set<string>();
    let rejected = 0;
    let running = true;
    const killer = (async () => {
      while (running) await kill(`query LIKE '%written AS%' AND random() < 0.5`);
    })();
    await Promise.all(
      publishers.map(async (bus, p) => {
        for (let i = 0; i < 60; i += 1) {
          const batch = `${p}/${i}`;
          const sent = Array.from({ length: 20 }, (_, j) => ({ key: `key ${j}`, value: batch }));
          await bus.publish(definition.name, sent).then(
            () => confirmed.add(batch),
            (error: unknown) => {
              expect(error).toBeInstanceOf(BusUnavailableError);
              rejected += 1;
            },
          );
        }
      }),
    );
    running = false;
    await killer;
    expect(rejected).toBeGreaterThan(0);
    const counts = Map.groupBy(await stored(definition), (value) => value);
    for (const batch of confirmed) expect(counts.get(batch)).toHaveLength(20);
    for (const [, found] of counts) expect(found).toHaveLength(20);
    const { rows } = await sql.query<{ gaps: boolean }>(
      `SELECT p.next_offset <> (SELECT count(*) FROM bus.message m WHERE m.partition_id = p.id) AS gaps FROM bus.partition p WHERE p.topic = $1`,
      [definition.name],
    );
    expect(rows.map(({ gaps }) => gaps)).toEqual([false, false, false]);
  });

  test('a reader whose position is beyond the end, because the database went back to a backup, is told the end', async () => {
    const definition = topic({ partitions: 1 });
    engine = new EmbeddedEngine(database.url, [definition]);
    await (await engine.bus()).publish(definition.name, messages(4));
    const table = new TopicTable(new Database(sql), [definition]);
    const log = new MessageLog(new Database(sql), table);
    const [partitionId] = (await table.get(definition.name)).partitionIds as [number];
    expect(await log.read([{ partitionId, offset: 10n }], 1, 10)).toEqual([{ partitionId, messages: [], end: 4n }]);
    expect(await log.read([{ partitionId, offset: 4n }], 1, 10)).toEqual([]);
    expect(await log.read([{ partitionId, offset: 3n }], 1, 10)).toMatchObject([{ end: 4n, messages: [{ offset: 3n }] }]);
  });

  test('a server that takes connections but never answers is not waited for', async () => {
    const definition = topic();
    engine = new EmbeddedEngine(database.url, [definition]);
    const bus = await engine.bus();
    await bus.publish(definition.name, messages(1));
    engine.gateOf(bus).silence();
    const since = performance.now();
    const calls = [bus.publish(definition.name, messages(1)), bus.publish(definition.name, messages(1)), bus.ping(), bus.lag()];
    for (const result of await Promise.allSettled(calls)) expect(result).toMatchObject({ status: 'rejected', reason: { name: 'BusUnavailableError' } });
    expect(performance.now() - since).toBeLessThan(10_000);
    engine.gateOf(bus).mend();
    await bus.publish(definition.name, messages(1));
  });
});

describe('members:', () => {
  test('one whose process is stopped is thrown out after a while, and its partitions are free', async () => {
    engine = new EmbeddedEngine(database.url, []);
    const open = async () => {
      const lost = { count: 0 };
      const session = new BusSession(database.url, { notified: () => undefined, lost: () => void (lost.count += 1), restored: () => undefined });
      await session.open();
      return { session, lost, membership: new Membership(session) };
    };
    const [stopped, lively] = await Promise.all([open(), open()]);
    const seat = (member: string) => ({ group: 'g', topic: 't', member });
    const [one, two] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'].map(seat);
    await stopped.membership.join([one!]);
    await lively.membership.join([two!]);
    expect([...(await stopped.membership.lock('g', [7, 8]))]).toEqual([7, 8]);
    await lively.membership.beat();
    expect([...(await lively.membership.lock('g', [7, 8, 9]))]).toEqual([9]);
    // The same session is refused too: PostgreSQL by itself would let it have a lock twice.
    expect([...(await lively.membership.lock('g', [9]))]).toEqual([]);
    expect((await lively.membership.members([two!]))(two!)).toEqual([one!.member, two!.member]);

    await sql.query(`UPDATE bus.member SET seen_at = now() - interval '16 seconds' WHERE id = $1`, [one!.member]);
    await lively.membership.beat();
    await until('it is gone', async () => (await lively.membership.beat(), (await lively.membership.members([two!]))(two!).length === 1));
    await until('its session ended', () => stopped.lost.count === 1);
    expect([...(await lively.membership.lock('g', [7, 8]))]).toEqual([7, 8]);
    expect(lively.lost.count).toBe(0);
    await Promise.all([stopped.session.close(), lively.session.close()]);
  });

  test('a topic made with another number of partitions is refused, not guessed at', async () => {
    const definition = topic();
    engine = new EmbeddedEngine(database.url, [definition]);
    await (await engine.bus()).publish(definition.name, messages(1));
    await engine.stop();
    engine = new EmbeddedEngine(database.url, [{ ...definition, partitions: 4 }]);
    await expect((await engine.bus()).publish(definition.name, messages(1))).rejects.toThrow(/has 3 partitions, not 4/);
  });
});
