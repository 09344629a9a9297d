import { foldActor, type StatusEvent } from '@heliograph/status';
import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { eraseDue } from '../erase-due.ts';
import { factsAbout, ms, told } from '../fixtures/events.ts';
import { openStore } from '../fixtures/store.ts';
import { StatusProjection } from '../projection/status-projection.ts';
import { sweepExpired } from '../sweep-expired.ts';
import { CURRENT_COLUMNS, HISTORY_COLUMNS } from './fold-sql.ts';
import { rebuildProjection } from './rebuild-projection.ts';
import { verifyProjection } from './verify-projection.ts';

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

const rows = () =>
  Promise.all([
    dataSource.query(`SELECT ${CURRENT_COLUMNS} FROM current_status ORDER BY actor`),
    dataSource.query(`SELECT ${HISTORY_COLUMNS} FROM status_history ORDER BY actor, published_key, status_id, published_raw`),
  ]);
const versions = async (): Promise<ReadonlyMap<string, number>> => {
  const found: { actor: string; version: string }[] = await dataSource.query('SELECT actor, version FROM current_status');
  return new Map(found.map(({ actor, version }) => [actor, Number(version)]));
};
const NEVER = Number.NEGATIVE_INFINITY;
/** What the tables and the pure fold have in common. `sweptAt`: by when expired words are erased. */
const stored = async (actor: string) => {
  const [current] = await dataSource.query(`SELECT event_id, cleared_as, content FROM current_status WHERE actor = $1`, [actor]);
  const history = await dataSource.query(
    `SELECT event_id, content FROM status_history WHERE actor = $1 ORDER BY published_key DESC, status_id DESC, published_raw DESC`,
    [actor],
  );
  const erased: { event_id: string }[] = await dataSource.query(
    `SELECT event_id FROM status_event WHERE actor = $1 AND kind = 'StatusPublished' AND content IS NULL ORDER BY event_id`,
    [actor],
  );
  return { current: current ?? null, history, erased: erased.map(({ event_id }) => event_id) };
};
const folded = (events: readonly StatusEvent[], sweptAt: number) => {
  const { winner, clearedAs, current, history, erased } = foldActor(events, NEVER);
  const swept = foldActor(events, sweptAt).erased;
  return {
    current: events.length === 0 ? null : {
      event_id: winner?.metadata.eventId ?? null,
      cleared_as: clearedAs,
      content: current && !swept.has(current.metadata.eventId) ? current.data.content : null,
    },
    history: history.map(({ status }) => ({ event_id: status.metadata.eventId, content: status.data.content })),
    erased: [...new Set([...erased, ...swept])].sort(),
  };
};

const forgetAll = () =>
  dataSource.query(`ALTER TABLE status_event DISABLE TRIGGER USER; TRUNCATE status_event, current_status, status_history, erasure_due; ALTER TABLE status_event ENABLE TRIGGER USER`);
const eraseAll = async () => {
  while ((await eraseDue(dataSource, 1)) > 0);
};
const rebuild = async () => expect(await rebuildProjection(dataSource)).toMatchObject({ kind: 'rebuilt', tidy: true });
const clean = async () => expect(await verifyProjection(dataSource)).toMatchObject({ rows: 0, differences: [] });

/** Facts about two actors, told in batches, and when the rebuild comes. With 0 `atOnce`, erasures are nearly always still due then. */
const actors = ['https://remote.example/users/x', 'https://remote.example/users/y'];
const story = fc.tuple(...actors.map(factsAbout)).chain((facts) =>
  fc.record({
    facts: fc.constant(new Map(actors.map((actor, index) => [actor, facts[index] ?? []]))),
    batches: told(facts.flat()),
    rebuildAfter: fc.nat(6),
    sweepBefore: fc.boolean(),
    atOnce: fc.constantFrom(0, 500),
    lost: fc.constantFrom('nothing', 'nothing', 'both tables', 'what is due, too'),
    now: fc.integer({ min: ms(0), max: ms(13) }),
  }),
);

test('whatever was told, in whatever order and however often: the rebuilt rows are the live ones, and those of the fold', async () => {
  let pending = 0;
  await fc.assert(
    fc.asyncProperty(story, async ({ facts, batches, rebuildAfter, sweepBefore, atOnce, lost, now }) => {
      await forgetAll();
      const projection = new StatusProjection(dataSource, atOnce);
      for (const batch of batches.slice(0, rebuildAfter)) await projection.apply(batch);
      if (sweepBefore) await sweepExpired(dataSource, new Date(now), 10);
      await clean();
      const [{ due }]: [{ due: number }] = await dataSource.query('SELECT count(*)::int AS due FROM erasure_due');
      pending += due;
      const [before, versionsBefore] = [await rows(), await versions()];
      if (lost !== 'nothing') await dataSource.query(`TRUNCATE current_status, status_history${lost === 'both tables' ? '' : ', erasure_due'}`);
      await rebuild();
      await clean();
      if (due === 0) expect(await rows()).toEqual(before);
      for (const [actor, version] of await versions()) {
        if (lost === 'nothing') expect(version).toBe(versionsBefore.get(actor)! + 1);
        else expect(version).toBeGreaterThan(1e12);
      }
      for (const batch of batches.slice(rebuildAfter)) await projection.apply(batch);
      await clean();
      await eraseAll();
      await sweepExpired(dataSource, new Date(now), 10);
      for (const [actor, events] of facts) expect(await stored(actor)).toEqual(folded(events, now));
      await clean();
    }),
    { numRuns: 60 },
  );
  // Or the hard part was never tried.
  expect(pending).toBeGreaterThan(0);
}, 180_000);

test('while projections, sweepers and readers are at work, too, nothing is lost', async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ facts, batches, atOnce, now }) => {
      await forgetAll();
      const projection = new StatusProjection(dataSource, atOnce);
      const cut = Math.ceil(batches.length / 3);
      const inTurn = async (some: StatusEvent[][]) => {
        for (const batch of some) await projection.apply(batch);
      };
      const sweep = async () => {
        for (let round = 0; round < 6; round += 1) {
          await eraseDue(dataSource, 1);
          await sweepExpired(dataSource, new Date(now), 10);
        }
      };
      await inTurn(batches.slice(0, cut));
      await Promise.all([rebuild(), clean(), inTurn(batches.slice(cut)), inTurn([...batches].reverse()), sweep()]);
      await clean();
      await eraseAll();
      await sweep();
      for (const [actor, events] of facts) expect(await stored(actor)).toEqual(folded(events, now));
    }),
    { numRuns: 25 },
  );
}, 180_000);

test('the rebuild knows every column that the tables have', async () => {
  const columns: { table: string; columns: string[] }[] = await dataSource.query(
    `SELECT table_name AS table, array_agg(column_name::text ORDER BY column_name) AS columns FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name IN ('current_status', 'status_history') GROUP BY 1 ORDER BY 1`,
  );
  expect(columns.map(({ columns }) => columns)).toEqual([[...CURRENT_COLUMNS, 'version'].sort(), [...HISTORY_COLUMNS].sort()]);
});
