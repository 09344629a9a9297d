import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import type { DataSource, Logger } from 'typeorm';
import { at, eventsOf, ms } from '../fixtures/events.ts';
import { openStore } from '../fixtures/store.ts';
import { loadOffset } from '../offsets.ts';
import { StatusReader } from '../reader/status-reader.ts';
import { sweepExpired } from '../sweep-expired.ts';
import { StatusProjection } from './status-projection.ts';

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
const newActor = () => `https://remote.example/users/${(count += 1)}`;
const position = (partition: number, nextOffset: bigint) => ({ topic: 'status.submitted.v1', partition, group: 'status-projection', nextOffset });
const offset = (partition: number) => loadOffset(dataSource, 'status.submitted.v1', partition, 'status-projection');
const now = new Date(ms(10));

describe('a batch', () => {
  test('tells for each input whether it was new, and for each actor the version that caches compare', async () => {
    const [one, two] = [newActor(), newActor()];
    const [a, b] = [eventsOf(one).publish('a', 1), eventsOf(two).publish('b', 1)];
    expect(await projection.apply([a, b, a])).toEqual({
      isNew: [true, true, false],
      actors: expect.arrayContaining([{ actor: one, version: 1, changed: true }, { actor: two, version: 1, changed: true }]),
    });
    const later = eventsOf(one).publish('c', 2);
    expect(await projection.apply([b, later, a])).toEqual({
      isNew: [false, true, false],
      actors: expect.arrayContaining([{ actor: one, version: 2, changed: true }, { actor: two, version: 1, changed: false }]),
    });
    expect(await reader.versionOf(one)).toBe(2);
  });

  test('writes the position of its partition, also when it has no events', async () => {
    expect(await offset(1)).toBeNull();
    await projection.apply([eventsOf(newActor()).publish('a', 1)], position(1, 9_007_199_254_740_993n));
    expect(await offset(1)).toBe(9_007_199_254_740_993n);
    expect(await projection.apply([], position(1, 9_007_199_254_740_994n))).toEqual({ isNew: [], actors: [] });
    expect(await offset(1)).toBe(9_007_199_254_740_994n);
    expect(await offset(2)).toBeNull();
  });

  test('is all or nothing, the position included', async () => {
    const [honest, poison] = [newActor(), newActor()];
    const good = eventsOf(honest).publish('a', 1);
    const withNul = eventsOf(poison).publish('a', 1, { attachment: { href: 'https://a.example/', name: 'a\0b' } });
    await expect(projection.apply([good, withNul], position(3, 2n))).rejects.toThrow();
    expect(await reader.current(honest, now)).toBeNull();
    expect(await offset(3)).toBeNull();
    await projection.apply([good], position(3, 1n));
    expect(await reader.current(honest, now)).toMatchObject({ statusId: 'a' });
    expect(await offset(3)).toBe(1n);
  });

  test('with an unreadable instant is refused before anything is written', async () => {
    const actor = newActor();
    await expect(projection.apply([eventsOf(actor).publish('a', 1, { published: 'yesterday' })])).rejects.toThrow('unreadable instant');
    expect(await reader.versionOf(actor)).toBe(0);
  });

  test('of any size takes the same few statements', async () => {
    const statements: string[] = [];
    const logger = { logQuery: (sql: string) => statements.push(sql) } as unknown as Logger;
    const { logger: before } = dataSource;
    dataSource.logger = logger;
    const batch = (actors: number) =>
      Array.from({ length: actors }, newActor).flatMap((actor) => {
        const { publish, remove, erase, forget } = eventsOf(actor);
        return [publish('a', 1, { keep: true }), publish('b', 2, { keep: true }), publish('c', 3), remove('b'), erase('a'), forget(1)];
      });
    try {
      await projection.apply(batch(1), position(4, 1n));
      const forOne = statements.splice(0).length;
      await projection.apply(batch(80), position(4, 2n));
      const forMany = statements.splice(0);
      expect(forMany).toHaveLength(forOne);
      expect(forMany.filter((sql) => !/TRANSACTION|COMMIT/.test(sql)).length).toBeLessThanOrEqual(10);
      await projection.apply(Array.from({ length: 80 }, () => eventsOf(newActor()).publish('a', 1)), position(4, 3n));
      // Planner, lock, write, save the position: what most batches of strangers come to.
      expect(statements.filter((sql) => !/TRANSACTION|COMMIT/.test(sql))).toHaveLength(4);
    } finally {
      dataSource.logger = before;
    }
  });
});

describe('words', () => {
  const words = async (actor: string) => {
    const rows: { texts: string[] }[] = await dataSource.query(
      `SELECT array_remove(array_agg(content->>'text' ORDER BY position), NULL) AS texts FROM status_event WHERE actor = $1`,
      [actor],
    );
    return rows[0]?.texts;
  };

  test('of a replaced status without history are gone from every table, in one batch or in two', async () => {
    for (const cut of [1, 2]) {
      const actor = newActor();
      const { publish } = eventsOf(actor);
      const events = [publish('a', 1), publish('b', 2)];
      await projection.apply(events.slice(0, cut));
      await projection.apply(events.slice(cut));
      expect(await words(actor)).toEqual([`b of ${at(2)}`]);
    }
  });

  test('never come back with a repetition', async () => {
    const actor = newActor();
    const { publish, erase } = eventsOf(actor);
    const status = publish('a', 1, { keep: true });
    await projection.apply([status]);
    expect(await words(actor)).toEqual([`a of ${at(1)}`]);
    await projection.apply([erase('a')]);
    await projection.apply([status]);
    expect(await words(actor)).toEqual([]);
    expect(await reader.countHistory(actor)).toBe(0);
  });

  test('of a known version sent again with other words, or now to be kept, change nothing', async () => {
    const actor = newActor();
    const { publish } = eventsOf(actor);
    const first = publish('a', 1);
    await projection.apply([first]);
    const changed = { ...first, data: { ...first.data, keep: true, content: { ...first.data.content, text: 'other' } } };
    expect((await projection.apply([changed])).isNew).toEqual([false]);
    expect(await words(actor)).toEqual([`a of ${at(1)}`]);
    expect(await reader.countHistory(actor)).toBe(0);
  });

  test('of the status that shows stay when its history is erased, until it is replaced', async () => {
    const actor = newActor();
    const { publish, forget } = eventsOf(actor);
    await projection.apply([publish('a', 1, { keep: true }), publish('b', 2, { keep: true })]);
    await projection.apply([forget(2)]);
    expect(await words(actor)).toEqual([`b of ${at(2)}`]);
    expect([await reader.current(actor, now), await reader.countHistory(actor)]).toMatchObject([{ statusId: 'b' }, 0]);
    await projection.apply([publish('c', 3)]);
    expect(await words(actor)).toEqual([`c of ${at(3)}`]);
  });

  test('of what expired are swept, unless a history keeps them', async () => {
    const [kept, unkept, lasting] = [newActor(), newActor(), newActor()];
    await projection.apply([
      eventsOf(kept).publish('a', 1, { keep: true, endTime: 5 }),
      eventsOf(unkept).publish('a', 1, { endTime: 5 }),
      eventsOf(lasting).publish('a', 1, { endTime: 6 }),
    ]);
    expect(await sweepExpired(dataSource, new Date(ms(5) - 1), 10)).toEqual([]);
    expect(await sweepExpired(dataSource, new Date(ms(5)), 10)).toEqual([unkept]);
    expect(await sweepExpired(dataSource, new Date(ms(5)), 10)).toEqual([]);
    expect(await words(unkept)).toEqual([]);
    expect(await reader.versionOf(unkept)).toBe(2);
    expect([await words(kept), await words(lasting)]).toEqual([[`a of ${at(1)}`], [`a of ${at(1)}`]]);
    // Once the history is erased, nothing keeps them any more.
    await projection.apply([eventsOf(kept).forget(1)]);
    expect(await sweepExpired(dataSource, new Date(ms(5)), 10)).toEqual([kept]);
    expect(await words(kept)).toEqual([]);
    expect(await sweepExpired(dataSource, new Date(ms(6)), 10)).toEqual([lasting]);
  });

  test('are swept a few actors at a time', async () => {
    const actors = Array.from({ length: 5 }, newActor);
    await projection.apply(actors.map((actor) => eventsOf(actor).publish('a', 1, { endTime: 2 })));
    const rounds = [];
    for (let swept = 1; swept > 0; rounds.push(swept)) swept = (await sweepExpired(dataSource, now, 2)).length;
    expect(rounds).toEqual([2, 2, 1, 0]);
  });
});

test('projections that lock many actors in opposite orders all get through', async () => {
  const actors = Array.from({ length: 60 }, newActor);
  const batch = (order: readonly string[], s: number) => order.map((actor) => eventsOf(actor).publish(`status ${s}`, s));
  const rounds = Array.from({ length: 12 }, (_, s) => projection.apply(batch(s % 2 ? actors : actors.toReversed(), s)));
  for (const { isNew } of await Promise.all(rounds)) expect(isNew).not.toContain(false);
  const current = await reader.currentOf(actors, now);
  expect(actors.map((actor) => current.get(actor)?.statusId)).toEqual(actors.map(() => 'status 11'));
});

test('the same news about strangers, told to several at once, is new to one of them, and all know how it ended', async () => {
  for (let round = 0; round < 10; round += 1) {
    const events = Array.from({ length: 20 }, () => eventsOf(newActor()).publish('a', 1));
    const told = await Promise.all(Array.from({ length: 6 }, () => projection.apply(events)));
    expect(events.map((_, i) => told.filter(({ isNew }) => isNew[i]).length)).toEqual(events.map(() => 1));
    expect(told.flatMap(({ actors }) => actors.map(({ version }) => version))).toEqual(told.flatMap(() => events.map(() => 1)));
  }
});
