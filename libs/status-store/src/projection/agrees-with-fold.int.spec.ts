import { foldActor, type StatusEvent } from '@heliograph/status';
import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { eraseDue } from '../erase-due.ts';
import { factsAbout, ms, told } from '../fixtures/events.ts';
import { openStore } from '../fixtures/store.ts';
import { StatusReader } from '../reader/status-reader.ts';
import { sweepExpired } from '../sweep-expired.ts';
import { StatusProjection } from './status-projection.ts';

let database: TestDatabase;
let dataSource: DataSource;
let reader: StatusReader;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openStore(database.url);
  reader = new StatusReader(dataSource);
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});

/** Before every `endTime`: what the tables say before anything was swept. */
const NEVER = Number.NEGATIVE_INFINITY;

/** What the tables and the fold have in common. */
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
const read = async (actor: string, now: number) => {
  const instant = new Date(now);
  const history = await reader.history(actor, { limit: 50, cursor: null, at: instant });
  const idAndState = (status: { eventId: string; state: string } | null) => status && [status.eventId, status.state];
  return {
    current: idAndState(await reader.current(actor, instant)),
    history: history.kind === 'page' && history.items.map(idAndState),
    count: await reader.countHistory(actor),
  };
};
const foldedRead = (events: readonly StatusEvent[], now: number) => {
  const { current, history } = foldActor(events, now);
  return { current: current && [current.metadata.eventId, 'current'], history: history.map(({ status, state }) => [status.metadata.eventId, state]), count: history.length };
};
/** Versions whose words the log does not give away, erased yet or not. */
const wordless = async (actor: string, events: readonly StatusEvent[]) => {
  const versions = events.flatMap(({ type, metadata: { eventId } }) => (type === 'StatusPublished' ? [eventId] : [])).sort();
  const found = await Promise.all(versions.map((eventId) => reader.eventContent(actor, eventId)));
  return versions.filter((_, index) => found[index]?.content === null);
};

/** Facts about two actors, told in batches; after batch number `sweepAfter` the sweeper runs. With 0 `atOnce`, erasures are nearly always left to it. */
const actors = ['https://remote.example/users/x', 'https://remote.example/users/y'];
const story = fc.tuple(...actors.map(factsAbout)).chain((facts) =>
  fc.record({
    facts: fc.constant(new Map(actors.map((actor, index) => [actor, facts[index] ?? []]))),
    batches: told(facts.flat()),
    sweepAfter: fc.nat(4),
    atOnce: fc.constantFrom(0, 500),
    now: fc.integer({ min: ms(0), max: ms(13) }),
  }),
);
/** Every story begins with empty tables. */
const forgetAll = () =>
  dataSource.query(`ALTER TABLE status_event DISABLE TRIGGER USER; TRUNCATE status_event, current_status, status_history, erasure_due; ALTER TABLE status_event ENABLE TRIGGER USER`);
/** In the smallest steps. */
const eraseAll = async () => {
  while ((await eraseDue(dataSource, 1)) > 0);
};

test('whatever the order, repetition and batches: current, history, erased texts and what readers see are those of the fold', async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ facts, batches, sweepAfter, atOnce, now }) => {
      await forgetAll();
      const projection = new StatusProjection(dataSource, atOnce);
      let swept = NEVER;
      for (const [index, batch] of batches.entries()) {
        await projection.apply(batch);
        if (index === sweepAfter) {
          await eraseDue(dataSource, 1);
          await sweepExpired(dataSource, new Date(now), 10);
          swept = now;
        }
      }
      const untouched = await dataSource.query('SELECT actor, version FROM current_status ORDER BY actor');
      for (const [actor, events] of facts) {
        // What came after the sweep has not been swept, so that only the end of all sweeping is compared then.
        if (swept === NEVER) {
          if (atOnce === 0) expect(await wordless(actor, events)).toEqual(folded(events, NEVER).erased);
          else expect(await stored(actor)).toEqual(folded(events, NEVER));
        }
        expect(await read(actor, now)).toEqual(foldedRead(events, now));
      }
      const again = await projection.apply(batches.flat());
      expect(again.isNew).not.toContain(true);
      expect(await dataSource.query('SELECT actor, version FROM current_status ORDER BY actor')).toEqual(untouched);
      await eraseAll();
      await sweepExpired(dataSource, new Date(now), 10);
      for (const [actor, events] of facts) {
        expect(await stored(actor)).toEqual(folded(events, now));
        expect(await read(actor, now)).toEqual(foldedRead(events, now));
      }
    }),
    { numRuns: 80 },
  );
}, 120_000);

test('projections and sweepers at work on the same actors at once end in the same', async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ facts, batches, atOnce, now }) => {
      await forgetAll();
      const projection = new StatusProjection(dataSource, atOnce);
      const cut = Math.ceil(batches.length / 2);
      const inTurn = async (some: StatusEvent[][]) => {
        for (const batch of some) await projection.apply(batch);
      };
      // The second has the whole story again: as after a rebalance, when the old owner is still at it.
      const sweep = async () => {
        for (let round = 0; round < 4; round += 1) {
          await eraseDue(dataSource, 1);
          await sweepExpired(dataSource, new Date(now), 10);
        }
      };
      await Promise.all([inTurn(batches.slice(0, cut)), inTurn([...batches].reverse()), inTurn(batches.slice(cut)), sweep(), sweep()]);
      await eraseAll();
      await sweep();
      for (const [actor, events] of facts) expect(await stored(actor)).toEqual(folded(events, now));
      const [log]: { count: number }[] = await dataSource.query('SELECT count(*)::int AS count FROM status_event');
      expect(log?.count).toBe([...facts.values()].flat().length);
    }),
    { numRuns: 40 },
  );
}, 120_000);
