import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import type { DataSource } from 'typeorm';
import { at, eventsOf } from '../fixtures/events.ts';
import { openStore } from '../fixtures/store.ts';
import { StatusProjection } from '../projection/status-projection.ts';
import type { Difference } from './differences.ts';
import { CURRENT_COLUMNS, HISTORY_COLUMNS } from './fold-sql.ts';
import { rebuildProjection } from './rebuild-projection.ts';
import { verifyProjection } from './verify-projection.ts';

let database: TestDatabase;
let dataSource: DataSource;
let projection: StatusProjection;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openStore(database.url);
  // One erasure per batch at once: the rest is due.
  projection = new StatusProjection(dataSource, 0);
  await projection.apply([
    eventsOf(actor).publish('a', 1, { keep: true, endTime: 20 }),
    eventsOf(actor).publish('b', 2, { keep: true }),
    ...Array.from({ length: 5 }, (_, n) => eventsOf(other).publish(`s${n}`, n, { keep: true })),
  ]);
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});
afterEach(async () => {
  expect(await rebuildProjection(dataSource)).toMatchObject({ kind: 'rebuilt' });
  expect(await verifyProjection(dataSource)).toMatchObject({ rows: 0, differences: [] });
});

const actor = 'https://remote.example/users/a';
const other = 'https://remote.example/users/b';
const found = async () => (await verifyProjection(dataSource)).differences;
const [uuid, instant] = ['00000000-0000-0000-0000-000000000000', '2020-01-01T00:00:00Z'];

/** A value that no row has, for each column that can be wrong. */
const WRONG: Record<string, string | boolean> = {
  event_id: uuid, shown_at: instant, received_at: instant, end_time: instant, sweep_at: instant, origin: 'local', cleared_as: 'absent', keep: false, actor_deleted: true,
  status_id: 'x', published_raw: 'x', published_key: '0', absent_cutoff: 'x', erased_as_of: 'x', content: '{"text":"planted secret"}',
};

test.each(CURRENT_COLUMNS.filter((column) => column !== 'actor'))('a wrong %s of a current status is found, and what it should be', async (column) => {
  const [row]: Record<string, unknown>[] = await dataSource.query(`SELECT ${column}::text AS right FROM current_status WHERE actor = $1`, [actor]);
  await dataSource.query(`UPDATE current_status SET ${column} = $2 WHERE actor = $1`, [actor, WRONG[column]]);
  const [difference, ...rest] = await found();
  expect(rest).toEqual([]);
  expect(difference).toMatchObject({ table: 'current_status', actor, version: null, column });
  if (column === 'content') expect(JSON.stringify(difference)).not.toMatch('secret');
  else expect(difference?.rebuilt).toBe(row?.['right']);
});

const KEYS: readonly string[] = ['actor', 'published_key', 'status_id', 'published_raw'];
test.each(HISTORY_COLUMNS.filter((column) => !KEYS.includes(column)))('a wrong %s of a past status is found', async (column) => {
  await dataSource.query(`UPDATE status_history SET ${column} = $2 WHERE actor = $1 AND status_id = 'a'`, [actor, WRONG[column]]);
  expect(await found()).toEqual([{ table: 'status_history', actor, version: `a of ${at(1)}`, column, live: expect.any(String), rebuilt: column === 'end_time' ? expect.any(String) : expect.anything() }]);
});

test.each(KEYS)('a past status with another %s is one too many, and one is missing', async (column) => {
  await dataSource.query(`UPDATE status_history SET ${column} = '1' WHERE actor = $1 AND status_id = 'a'`, [actor]);
  const row = { table: 'status_history', column: null };
  expect(await found()).toEqual(expect.arrayContaining([{ ...row, actor, version: `a of ${at(1)}`, live: null, rebuilt: 'a row' }, expect.objectContaining({ ...row, live: 'a row', rebuilt: null })]));
});

test('rows that are missing, and rows of nobody, are found in both tables', async () => {
  await dataSource.query(`DELETE FROM current_status WHERE actor = $1`, [actor]);
  await dataSource.query(`INSERT INTO current_status (actor) VALUES ('0 nobody'), ('https://z nobody')`);
  await dataSource.query(`DELETE FROM status_history WHERE actor = $1 AND status_id = 'a'`, [actor]);
  const missing = { column: null, live: null, rebuilt: 'a row' };
  const tooMany = { column: null, live: 'a row', rebuilt: null, table: 'current_status', version: null } as const;
  expect(await found()).toEqual(expect.arrayContaining<Difference>([
    { ...missing, table: 'current_status', actor, version: null },
    { ...missing, table: 'status_history', actor, version: `a of ${at(1)}` },
    { ...tooMany, actor: '0 nobody' },
    { ...tooMany, actor: 'https://z nobody' },
  ]));
  expect(await verifyProjection(dataSource, { limit: 2 })).toMatchObject({ rows: 4, differences: { length: 2 }, events: 7 });
});

test('what waits for its erasure is no difference; that nothing would erase it, is', async () => {
  await projection.apply([eventsOf(other).gone()]);
  const [{ count }] = await dataSource.query('SELECT count(*)::int AS count FROM status_history WHERE actor = $1', [other]);
  expect(count).toBe(4);
  expect(await found()).toEqual([]);
  await dataSource.query('DELETE FROM erasure_due');
  const row = (n: number) => ({ actor: other, version: `s${n} of ${at(n)}`, column: null });
  expect(await found()).toEqual([
    ...[1, 2, 3].map((n) => ({ ...row(n), table: 'erasure_due', live: null, rebuilt: 'a row' })),
    // The latest one has left the log with the fact itself.
    { ...row(4), table: 'status_history', live: 'a row', rebuilt: null },
  ]);
});
