import { createTestDatabase, eventually, type TestDatabase } from '@heliograph/testkit';
import type { DataSource } from 'typeorm';
import { at, eventsOf, ms } from '../fixtures/events.ts';
import { openStore } from '../fixtures/store.ts';
import { StatusProjection } from '../projection/status-projection.ts';
import { sweepExpired } from '../sweep-expired.ts';
import { noteChanges, stopNoting, takeNotes } from './change-notes.ts';
import { type RebuildOutcome, rebuildProjection } from './rebuild-projection.ts';
import { fill } from './fill.ts';
import { createSideTables, dropSideTables } from './side-tables.ts';
import { catchUp, swap } from './swap.ts';
import { verifyProjection } from './verify-projection.ts';
import { versionsUnder } from './versions.ts';

let database: TestDatabase;
let dataSource: DataSource;
let projection: StatusProjection;
beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = await openStore(database.url);
  projection = new StatusProjection(dataSource);
  await projection.apply(actors.flatMap((actor) => [eventsOf(actor).publish('a', 1, { keep: true }), eventsOf(actor).publish('b', 2, { keep: true })]));
});
afterEach(async () => {
  await dataSource?.destroy();
  await database?.drop();
});

const actors = Array.from({ length: 20 }, (_, n) => `https://remote.example/users/${n}`);
const publish = (second: number) => projection.apply(actors.map((actor) => eventsOf(actor).publish('c', second)));
/** Of nobody who stops anything. */
const quiet = new AbortController().signal;
const leftovers = async () => {
  const schemas: { name: string }[] = await dataSource.query(`SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'helio%'`);
  const triggers: { name: string }[] = await dataSource.query(`SELECT tgname AS name FROM pg_trigger WHERE tgname LIKE 'helio%'`);
  return [...schemas, ...triggers].map(({ name }) => name);
};
/** Which tables are the live ones: not which rows they have. */
const identity = async () => (await dataSource.query(`SELECT 'current_status'::regclass::oid, 'status_history'::regclass::oid AS history`))[0];

test('the new tables have all that the old ones had: columns, defaults, constraints, indexes, room on their pages, rights', async () => {
  const role = `reader_${database.url.slice(-6)}`;
  await dataSource.query(`CREATE ROLE ${role}; GRANT SELECT ON current_status TO ${role} WITH GRANT OPTION; GRANT SELECT ON status_history TO PUBLIC`);
  const made = async () => ({
    tables: await dataSource.query(`SELECT relname, relkind, reloptions, relowner, relacl, relpersistence FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relname ~ '^(current_status|status_history)' ORDER BY 1`),
    columns: await dataSource.query(`SELECT * FROM information_schema.columns WHERE table_name IN ('current_status', 'status_history') ORDER BY table_name, column_name`),
    constraints: await dataSource.query(`SELECT conname, conrelid::regclass::text, contype, pg_get_constraintdef(oid) FROM pg_constraint
      WHERE conrelid IN ('current_status'::regclass, 'status_history'::regclass) ORDER BY 1, 2`),
    indexes: await dataSource.query(`SELECT * FROM pg_indexes WHERE tablename IN ('current_status', 'status_history') ORDER BY indexname`),
  });
  // Grants that nobody ever made differ from none in the catalogue.
  await dataSource.query('GRANT ALL ON current_status, status_history TO current_user');
  try {
    const [before, old] = [await made(), await identity()];
    expect(before).toMatchObject({ tables: { length: 6 }, indexes: { length: 4 } });
    expect(await rebuildProjection(dataSource)).toMatchObject({ kind: 'rebuilt', events: 40, tidy: true });
    const after = await made();
    const sorted = ({ tables, ...rest }: typeof after) => ({ ...rest, tables: tables.map((table: { relacl: string | null }) => ({ ...table, relacl: table.relacl?.slice(1, -1).split(',').sort() })) });
    expect(sorted(after)).toEqual(sorted(before));
    expect(await identity()).not.toEqual(old);
  } finally {
    await dataSource.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

test('only one runs at a time', async () => {
  const outcomes = await Promise.all([rebuildProjection(dataSource), rebuildProjection(dataSource), rebuildProjection(dataSource)]);
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['rebuilt', 'running', 'running']);
  expect(await leftovers()).toEqual([]);
});

test.each(['folding', 'indexing', 'catching up', 'swapping'] as const)('stopped while it is %s, it leaves everything as it was; later it may run again', async (stage) => {
  const stop = new AbortController();
  const before = await identity();
  const outcome = await rebuildProjection(dataSource, { signal: stop.signal, onProgress: (progress) => progress.stage === stage && stop.abort() });
  if (stage === 'swapping') {
    // What has begun is brought to its end.
    expect(outcome.kind).toBe('rebuilt');
  } else {
    expect(outcome).toEqual({ kind: 'stopped' });
    expect(await identity()).toEqual(before);
  }
  expect(await leftovers()).toEqual([]);
  expect((await rebuildProjection(dataSource)).kind).toBe('rebuilt');
});

test('what one that was killed has left is dropped by the next, and did no harm meanwhile', async () => {
  const killed = await createSideTables(dataSource);
  await killed.transaction(noteChanges);
  await publish(3);
  await publish(4);
  expect(await leftovers()).toHaveLength(4);
  const notes = await dataSource.query('SELECT count(*)::int AS count FROM helio_rebuild.changed_actor');
  expect(notes).toEqual([{ count: actors.length }]);
  await dataSource.query('UPDATE current_status SET keep = NULL');
  expect((await rebuildProjection(dataSource)).kind).toBe('rebuilt');
  expect(await verifyProjection(dataSource)).toMatchObject({ rows: 0 });
  expect(await leftovers()).toEqual([]);
});

test('one whose guard was lost cannot touch the tables of its successor', async () => {
  const lost = await createSideTables(dataSource);
  await lost.transaction(async () => undefined);
  await dataSource.transaction(dropSideTables);
  const successor = await createSideTables(dataSource);
  await expect(lost.transaction(async () => undefined)).rejects.toThrow('another rebuild has begun');
  await successor.transaction(async () => undefined);
});

test('an erasure while the side tables grow is in the result: words do not come back', async () => {
  const [actor = ''] = actors;
  await projection.apply([eventsOf(actor).publish('short', 5, { endTime: 6 })]);
  const run = await createSideTables(dataSource);
  await run.transaction(noteChanges);
  await fill(run, () => undefined, quiet);
  const grown = () => dataSource.query(`SELECT content->>'text' AS text FROM helio_rebuild.current_status WHERE actor = $1`, [actor]);
  expect(await grown()).toEqual([{ text: `short of ${at(5)}` }]);
  expect(await sweepExpired(dataSource, new Date(ms(6)), 10)).toEqual([actor]);
  await catchUp(run, () => undefined, quiet);
  expect(await grown()).toEqual([{ text: null }]);
  await swap(run);
  expect(await verifyProjection(dataSource)).toMatchObject({ rows: 0 });
});

test('a note that a transaction under way has written again is not taken before that has ended', async () => {
  const [actor = '', other = ''] = actors;
  const run = await createSideTables(dataSource);
  await run.transaction(noteChanges);
  const taken = () => run.transaction((manager) => takeNotes(manager, 10));
  const erase = 'UPDATE status_event SET content = NULL WHERE actor = $1';
  await dataSource.query(erase, [actor]);
  await dataSource.query(erase, [other]);
  const writer = dataSource.createQueryRunner();
  await writer.startTransaction();
  await writer.query(erase, [actor]);
  expect(await taken()).toEqual([other]);
  await writer.commitTransaction();
  await writer.release();
  expect(await taken()).toEqual([actor]);
  expect(await taken()).toEqual([]);
});

test('what a migration did to the tables meanwhile is not undone', async () => {
  for (const migration of ['ALTER TABLE current_status ADD COLUMN mood text', 'CREATE INDEX by_mood ON current_status (mood)', 'SELECT 1']) {
    const run = await createSideTables(dataSource);
    await run.transaction(noteChanges);
    await fill(run, () => undefined, quiet);
    await catchUp(run, () => undefined, quiet);
    await dataSource.query(migration);
    if (migration === 'SELECT 1') await swap(run);
    else await expect(swap(run)).rejects.toThrow('a migration has changed the tables meanwhile');
    await dataSource.transaction(async (manager) => {
      await stopNoting(manager);
      await dropSideTables(manager);
    });
  }
  expect(await dataSource.query(`SELECT mood FROM current_status LIMIT 1`)).toEqual([{ mood: null }]);
  expect(await verifyProjection(dataSource)).toMatchObject({ rows: 0 });
});

test('the versions that caches compare are told for the actors of a server', async () => {
  const told: unknown[] = [];
  for await (const page of versionsUnder(dataSource, 'https://remote.example/users/1', 4)) told.push(...page);
  const ones = actors.filter((actor) => /\/1./.test(actor)).sort();
  expect(told).toEqual(ones.map((actor) => ({ actor, version: 1 })));
});

test.each(['current_status', 'status_history', 'status_event'])('while somebody reads %s without end, it waits, and holds nobody up; it gives up when its patience ends', async (table) => {
  const reader = dataSource.createQueryRunner();
  await reader.startTransaction();
  let rebuild: Promise<RebuildOutcome> | undefined;
  try {
    await reader.query(`SELECT count(*) FROM ${table}`);
    if (table === 'status_event') {
      expect((await rebuildProjection(dataSource, { patienceMs: 0 })).kind).toBe('rebuilt');
    } else {
      expect(await rebuildProjection(dataSource, { patienceMs: 0 })).toEqual({ kind: 'in use' });
    }
    let tries = 0;
    rebuild = rebuildProjection(dataSource, { onProgress: ({ stage, done }) => stage === 'waiting' && (tries = done) });
    await eventually(() => expect(tries).toBeGreaterThan(0));
    await publish(5);
  } finally {
    await reader.rollbackTransaction();
    await reader.release();
  }
  expect(await rebuild).toMatchObject({ kind: 'rebuilt', tidy: true });
  expect(await verifyProjection(dataSource)).toMatchObject({ rows: 0 });
  expect(await dataSource.query(`SELECT DISTINCT published_raw FROM current_status`)).toEqual([{ published_raw: at(5) }]);
});

test('it refuses to cut off what an operator has hung on the tables', async () => {
  await dataSource.query('CREATE VIEW busy_people AS SELECT actor FROM current_status');
  expect(await rebuildProjection(dataSource)).toEqual({ kind: 'obstructed', by: ['view busy_people'] });
  await dataSource.query('DROP VIEW busy_people');
  expect((await rebuildProjection(dataSource)).kind).toBe('rebuilt');
});
