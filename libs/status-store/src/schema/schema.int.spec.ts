import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import type { DataSource } from 'typeorm';
import { eventsOf } from '../fixtures/events.ts';
import { openStore } from '../fixtures/store.ts';
import { StatusProjection } from '../projection/status-projection.ts';
import { StatusEventEntity } from './entities.ts';
import { statusStoreMigrations } from './migrations.ts';

let database: TestDatabase;
let dataSource: DataSource;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openStore(database.url);
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});

test('entities describe the tables that the migrations make', async () => {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  expect(upQueries.map(({ query }) => query)).toEqual([]);
});

test('migrations go forward only', () => {
  for (const Migration of statusStoreMigrations) expect(() => new Migration().down()).toThrow('forward only');
});

test('keys and unique constraints of the log and of what is made from it begin with the actor', async () => {
  const keys: { table: string; column: string }[] = await dataSource.query(
    `SELECT i.indrelid::regclass::text AS table, a.attname AS column FROM pg_index i
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indisunique AND i.indrelid IN ('status_event'::regclass, 'current_status'::regclass, 'status_history'::regclass, 'erasure_due'::regclass)`,
  );
  expect(keys.map(({ column }) => column)).toEqual(['actor', 'actor', 'actor', 'actor']);
});

describe('the log', () => {
  const actor = 'https://remote.example/users/1';
  const row = () => dataSource.getRepository(StatusEventEntity).findOneByOrFail({ actor });
  beforeAll(() => new StatusProjection(dataSource).apply([eventsOf(actor).publish('a', 1, { keep: true })]));

  test.each([
    ['DELETE', `DELETE FROM status_event`],
    ['TRUNCATE', `TRUNCATE status_event`],
    ['other words', `UPDATE status_event SET content = '{"text": "never said"}'`],
    ['another time', `UPDATE status_event SET received_at = received_at + interval '1 day'`],
    ['another owner', `UPDATE status_event SET actor = 'https://evil.example/'`],
    ['erased words and another time', `UPDATE status_event SET content = NULL, published_key = '2000'`],
  ])('refuses %s', async (_, sql) => {
    const before = await row();
    await expect(dataSource.query(sql)).rejects.toThrow('append-only');
    expect(await row()).toEqual(before);
  });

  test('refuses to write any column but content, those of later migrations included', async () => {
    const columns: { name: string }[] = await dataSource.query(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'status_event'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'content'`,
    );
    expect(columns.length).toBeGreaterThan(10);
    for (const { name } of columns) {
      const value = name === 'position' ? 'DEFAULT' : name;
      await expect(dataSource.query(`UPDATE status_event SET ${name} = ${value}`)).rejects.toThrow('append-only');
    }
  });

  test('lets words be erased, once and again, and never comes back from that', async () => {
    const before = await row();
    expect(before.content).not.toBeNull();
    await dataSource.query(`UPDATE status_event SET content = NULL`);
    await dataSource.query(`UPDATE status_event SET content = NULL`);
    expect(await row()).toEqual({ ...before, content: null });
    await expect(dataSource.query(`UPDATE status_event SET content = '{"text": "again"}'`)).rejects.toThrow('append-only');
  });
});
