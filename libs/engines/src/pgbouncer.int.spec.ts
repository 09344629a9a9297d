import { statusSubmittedCodec, TOPICS } from '@heliograph/contracts';
import { loadConfig } from '@heliograph/platform';
import { makeEvent } from '@heliograph/status';
import { createTestDatabase, describeWithEngine, eventually, type TestDatabase, throughPooler } from '@heliograph/testkit';
import type { DataSource } from 'typeorm';
import { openDataSource } from './data-source.ts';
import { migrateDatabase, openEngines } from './engines.ts';

describeWithEngine('pgbouncer', 'PgBouncer in transaction mode', (pooler) => {
  let database: TestDatabase;
  let url: string;
  const opened: DataSource[] = [];
  const open = async (...args: Parameters<typeof openDataSource>): Promise<DataSource> => {
    const dataSource = await openDataSource(...args);
    opened.push(dataSource);
    return dataSource;
  };
  beforeAll(async () => {
    database = await createTestDatabase();
    url = throughPooler(database, pooler);
  });
  afterEach(() => Promise.all(opened.splice(0).map((dataSource) => dataSource.destroy())));
  afterAll(() => database.drop());

  const sleeping = async (watch: DataSource): Promise<number> => {
    const [row] = await watch.query<[{ n: number }]>(`SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(%' AND pid <> pg_backend_pid()`);
    return row.n;
  };

  test.each([
    ['through it', () => url],
    ['past it', () => database.url],
  ])('%s, a statement that takes too long ends, in PostgreSQL too, by the same error, and the connection goes on', async (_, way) => {
    const [bounded, watch] = [await open(way(), 1, 500), await open(database.url, 1)];
    await bounded.query('SELECT $1::int', [1]);
    const slow = bounded.query('SELECT pg_sleep(60), $1::int', [1]);
    slow.catch(() => undefined);
    await eventually(async () => expect(await sleeping(watch)).toBe(1), 5_000);
    await expect(slow).rejects.toMatchObject({ driverError: { code: '57014' } });
    await eventually(async () => expect(await sleeping(watch)).toBe(0), 5_000);
    expect(await bounded.query('SELECT $1::int AS n', [2])).toEqual([{ n: 2 }]);
  });

  test('what one client sets for itself stays with none of its connections, so a limit is nowhere but with us', async () => {
    const clients = await Promise.all(Array.from({ length: 3 }, () => open(url, 4)));
    const limits = await Promise.all(
      clients.flatMap((client) => Array.from({ length: 8 }, () => client.query<{ limit: string }[]>(`SELECT current_setting('statement_timeout') AS "limit" FROM pg_sleep(0.02)`))),
    );
    expect(new Set(limits.map(([row]) => row!.limit))).toEqual(new Set(['0']));
    const [direct] = await (await open(database.url, 1)).query<{ limit: string }[]>(`SELECT current_setting('statement_timeout') AS "limit"`);
    expect(direct!.limit).toBe('30s');
  });

  test('the schema is migrated past it, or through it; then the event bus on PostgreSQL publishes through it and listens past it', async () => {
    const config = (env: Record<string, string>): ReturnType<typeof loadConfig> => loadConfig({ DATABASE_URL: url, ...env });
    expect((await migrateDatabase(config({}))).length).toBeGreaterThan(0);
    const engines = await openEngines(config({ DATABASE_DIRECT_URL: database.url }));
    const received: string[] = [];
    await engines.bus.subscribe({
      topics: [TOPICS.statusSubmitted.name],
      group: 'spec',
      onBatch: async ({ messages }, { commit }) => {
        received.push(...messages.map(({ value }) => value));
        await commit(messages.at(-1)!.offset);
      },
    });
    const value = statusSubmittedCodec.encode(makeEvent('ActorDeleted', { actor: 'https://one.example/users/a' }, { receivedAt: '2026-01-01T00:00:00.000Z', origin: 'remote' }));
    await engines.bus.publish(TOPICS.statusSubmitted.name, [{ key: 'a', value }]);
    await eventually(() => expect(received).toEqual([value]));
    await engines.close();
  }, 60_000);
});
