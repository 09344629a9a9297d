import { createTestDatabase, eventually, type TestDatabase } from '@heliograph/testkit';
import type { StatusEvent } from '@heliograph/status';
import type { AfterQueryEvent, DataSource, EntitySubscriberInterface } from 'typeorm';
import { eraseDue } from './erase-due.ts';
import { at, eventsOf, ms } from './fixtures/events.ts';
import { openStore } from './fixtures/store.ts';
import { StatusProjection } from './projection/status-projection.ts';
import { StatusReader } from './reader/status-reader.ts';

const LONG = 5_000;
const now = new Date(ms(100_000));

let database: TestDatabase;
let dataSource: DataSource;
let projection: StatusProjection;
let reader: StatusReader;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openStore(database.url);
  projection = new StatusProjection(dataSource);
  reader = new StatusReader(dataSource);
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});

let count = 0;
const newActor = () => `https://status.example/users/${(count += 1)}`;

/** A local actor who kept one status a second, each its own or all under one id; returns their event ids, oldest first. */
const keepHistory = async (actor: string, length = LONG, idOf = (second: number) => `status ${second}`): Promise<string[]> => {
  const { publish } = eventsOf(actor, 'local');
  const events = Array.from({ length }, (_, second) => publish(idOf(second), second, { keep: true }));
  for (let from = 0; from < length; from += 1_000) await projection.apply(events.slice(from, from + 1_000));
  return events.map(({ metadata: { eventId } }) => eventId);
};
const one = async (sql: string, actor: string): Promise<number> => {
  const [row]: { count: number }[] = await dataSource.query(sql, [actor]);
  return row?.count ?? -1;
};
/** What is on the disk. */
const stored = async (actor: string) => ({
  history: await one(`SELECT count(*)::int AS count FROM status_history WHERE actor = $1`, actor),
  texts: await one(`SELECT count(*)::int AS count FROM status_event WHERE actor = $1 AND content IS NOT NULL`, actor),
  notes: await one(`SELECT count(*)::int AS count FROM erasure_due WHERE actor = $1`, actor),
});
/** What readers get of these versions. */
const readable = async (actor: string, versions: readonly string[]) => {
  const history = await reader.history(actor, { limit: 3, cursor: null, at: now });
  const events = await Promise.all(versions.map((eventId) => reader.eventContent(actor, eventId)));
  const outbox = await reader.recentEvents(actor, 1_000, now);
  return {
    current: (await reader.current(actor, now))?.statusId ?? null,
    history: history.kind === 'page' ? history.items.map(({ publishedRaw }) => publishedRaw) : null,
    count: await reader.countHistory(actor),
    texts: events.filter((event) => event?.content).length,
    outbox: outbox.filter(({ content }) => content !== null).length,
  };
};
const nothing = { current: null, history: [], count: 0, texts: 0, outbox: 0 };
const sampleOf = (versions: readonly string[]): string[] => versions.filter((_, index) => index % 500 === 0 || index === versions.length - 1);
const eraseAll = async (limit = 1_000): Promise<number> => {
  let erased = 0;
  for (let rows = 1; rows > 0; erased += rows) rows = await eraseDue(dataSource, limit);
  return erased;
};
/** Applies one event and tells what crossed between this process and PostgreSQL meanwhile: rows read, and characters of parameters. */
const crossing = async (event: StatusEvent) => {
  const seen = { rows: 0, characters: 0 };
  const subscriber: EntitySubscriberInterface = {
    afterQuery({ rawResults, parameters }: AfterQueryEvent) {
      const { rows } = rawResults as { rows: unknown[] };
      seen.rows += rows.length;
      seen.characters += JSON.stringify(parameters ?? []).length;
    },
  };
  dataSource.subscribers.push(subscriber);
  try {
    await projection.apply([event]);
  } finally {
    dataSource.subscribers.splice(dataSource.subscribers.indexOf(subscriber), 1);
  }
  return seen;
};

test('nothing due costs nothing', async () => {
  expect(await eraseDue(dataSource, 1_000)).toBe(0);
});

test('a short history goes with the transaction that erases it', async () => {
  const actor = newActor();
  await keepHistory(actor, 400);
  expect(await stored(actor)).toEqual({ history: 400, texts: 400, notes: 0 });
  await projection.apply([eventsOf(actor).gone()]);
  expect(await stored(actor)).toEqual({ history: 0, texts: 0, notes: 0 });
});

test('a long history of a deleted actor: gone for readers at once, from the disk bit by bit, whatever is cut off', async () => {
  const actor = newActor();
  const versions = sampleOf(await keepHistory(actor));
  expect(await readable(actor, versions)).toMatchObject({ current: `status ${LONG - 1}`, count: LONG, texts: versions.length, outbox: 1_000 });

  const { rows, characters } = await crossing(eventsOf(actor).gone());
  expect(rows).toBeGreaterThan(0);
  expect(rows).toBeLessThan(10);
  expect(characters).toBeLessThan(2_000);
  const left = await stored(actor);
  expect(left.notes).toBe(1);
  expect(left.history).toBeGreaterThanOrEqual(LONG - 501);
  expect(left.texts).toBeGreaterThanOrEqual(LONG - 502);
  expect(await readable(actor, versions)).toEqual(nothing);
  for (const id of ['status 0', `status ${LONG - 1}`]) expect(await reader.byId(actor, id, now)).toEqual({ kind: 'gone', deletedAt: null });

  expect(await eraseDue(dataSource, 1_000)).toBe(1_000);
  const before = await stored(actor);
  expect(before).toEqual({ history: left.history - 1_000, texts: left.texts - 1_000, notes: 1 });

  // Cut off in the middle of a chunk: it waits for a row that is held here, and its session is ended.
  const holder = dataSource.createQueryRunner();
  await holder.startTransaction();
  await holder.query(`SELECT FROM status_event WHERE actor = $1 AND content IS NOT NULL FOR UPDATE`, [actor]);
  const cutOff = expect(eraseDue(dataSource, 1_000)).rejects.toThrow();
  await eventually(async () => {
    const ended: unknown[] = await dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    expect(ended).toHaveLength(1);
  });
  await cutOff;
  await holder.rollbackTransaction();
  await holder.release();
  expect(await stored(actor)).toEqual(before);

  // Two at once share the rest: nothing is done twice.
  const shares = await Promise.all([eraseAll(300), eraseAll(300)]);
  expect((shares[0] ?? 0) + (shares[1] ?? 0) + (await eraseAll())).toBe(before.history + 1);
  expect(await stored(actor)).toEqual({ history: 0, texts: 0, notes: 0 });
  expect(await readable(actor, versions)).toEqual(nothing);
});

test('an erased history: nothing newer goes, nor the status that shows until it is replaced', async () => {
  const [actor, other] = [newActor(), newActor()];
  const { publish, forget, remove } = eventsOf(actor, 'local');
  const versions = await keepHistory(actor, 2_000);
  await keepHistory(other, 3);
  await projection.apply([forget(1_989)]);
  expect(await stored(actor)).toMatchObject({ notes: 1 });
  const kept = { current: 'status 1999', history: [at(1_999), at(1_998), at(1_997)], count: 10, texts: 10, outbox: 10 };
  expect(await readable(actor, versions.slice(-20))).toEqual(kept);
  expect(await reader.byId(actor, 'status 1989', now)).toEqual({ kind: 'gone', deletedAt: null });
  await eraseAll(100);
  expect(await stored(actor)).toEqual({ history: 10, texts: 10, notes: 0 });
  expect(await readable(actor, versions.slice(-20))).toEqual(kept);

  // Not at once any more, with the newest covered as well.
  const lazy = new StatusProjection(dataSource, 0);
  await lazy.apply([forget(1_999)]);
  const shown = { current: 'status 1999', history: [], count: 0, texts: 1, outbox: 1 };
  expect(await readable(actor, versions.slice(-20))).toEqual(shown);
  expect(await eraseDue(dataSource, 2)).toBe(2);
  // Arrives while the erasure is under way, and is covered.
  await lazy.apply([publish('late', 1_500, { keep: true })]);
  await eraseAll(2);
  expect(await stored(actor)).toEqual({ history: 0, texts: 1, notes: 0 });
  expect(await readable(actor, versions.slice(-20))).toEqual(shown);
  await lazy.apply([publish('new', 2_001, { keep: true }), remove('new')]);
  expect(await stored(actor)).toEqual({ history: 1, texts: 1, notes: 0 });
  expect(await readable(actor, versions.slice(-20))).toMatchObject({ current: null, history: [at(2_001)], texts: 0 });
  expect(await stored(other)).toEqual({ history: 3, texts: 3, notes: 0 });
});

test('many versions of one id: removed in one step, deleted for readers at once', async () => {
  const actor = newActor();
  const { publish, remove, erase } = eventsOf(actor, 'local');
  const versions = sampleOf(await keepHistory(actor, 2_000, () => 'same'));
  await projection.apply([publish('other', 1_800, { keep: true })]);
  expect(await reader.byId(actor, 'same', now)).toMatchObject({ kind: 'shown', status: { publishedRaw: at(1_999) } });
  expect((await crossing(remove('same'))).rows).toBeLessThan(10);
  const page = await reader.history(actor, { limit: 500, cursor: null, at: now });
  expect(page.kind === 'page' && new Set(page.items.map(({ statusId, state }) => `${statusId} ${state}`))).toEqual(new Set(['same removed', 'other past']));

  expect((await crossing(erase('same'))).rows).toBeLessThan(10);
  expect(await stored(actor)).toMatchObject({ notes: 1 });
  const rest = { current: null, history: [at(1_800)], count: 1, texts: 0, outbox: 1 };
  expect(await readable(actor, versions)).toEqual(rest);
  expect(await reader.byId(actor, 'same', now)).toEqual({ kind: 'gone', deletedAt: at(100) });
  await eraseAll(1_000);
  expect(await stored(actor)).toEqual({ history: 1, texts: 1, notes: 0 });
  expect(await readable(actor, versions)).toEqual(rest);
});

test('passes over an actor whom somebody is at work on, and takes another', async () => {
  const actors = [newActor(), newActor()];
  const lazy = new StatusProjection(dataSource, 0);
  for (const actor of actors) {
    await keepHistory(actor, 2);
    await lazy.apply([eventsOf(actor).gone()]);
  }
  const notes = async () => (await Promise.all(actors.map(stored))).map((rows) => rows.notes);
  expect(await notes()).toEqual([1, 1]);
  const holder = dataSource.createQueryRunner();
  await holder.startTransaction();
  await holder.query(`SELECT FROM current_status WHERE actor = $1 FOR UPDATE`, [actors[0]]);
  await eraseAll();
  expect(await notes()).toEqual([1, 0]);
  await holder.rollbackTransaction();
  await holder.release();
  await eraseAll();
  expect(await notes()).toEqual([0, 0]);
});
