import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import type { DataSource } from 'typeorm';
import { at, eventsOf, ms } from '../fixtures/events.ts';
import { openStore } from '../fixtures/store.ts';
import { StatusProjection } from '../projection/status-projection.ts';
import { sweepExpired } from '../sweep-expired.ts';
import { encodeCursor } from './cursor.ts';
import { StatusReader } from './status-reader.ts';

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
const now = new Date(ms(10));
const keep = { keep: true };

describe('the current status', () => {
  test('comes with all that readers need', async () => {
    const actor = newActor();
    const attachment = { href: 'https://music.example/1', name: 'Artist – Title' };
    const event = eventsOf(actor).publish('a', 0, { published: '2025-01-01T13:00:01.123456+01:00', endTime: 20, attachment });
    await projection.apply([event]);
    expect(await reader.current(actor, now)).toEqual({
      actor,
      statusId: 'a',
      content: event.data.content,
      published: '2025-01-01T12:00:01.123Z',
      publishedRaw: '2025-01-01T13:00:01.123456+01:00',
      endTime: '2025-01-01T12:00:20Z',
      state: 'current',
      keep: false,
      eventId: event.metadata.eventId,
      origin: 'remote',
    });
  });

  test('ends at its endTime, before any sweep', async () => {
    const actor = newActor();
    await projection.apply([eventsOf(actor).publish('a', 1, { endTime: 5 })]);
    expect(await reader.current(actor, new Date(ms(5) - 1))).toMatchObject({ statusId: 'a' });
    expect(await reader.current(actor, new Date(ms(5)))).toBeNull();
  });

  test('of a stranger is never from later than we received it; ours is as sent', async () => {
    const [stranger, own] = [newActor(), newActor()];
    await projection.apply([eventsOf(stranger).publish('a', 500), eventsOf(own, 'local').publish('a', 500)]);
    const both = await reader.currentOf([stranger, own, newActor()], now);
    expect([both.size, both.get(stranger)?.published, both.get(own)?.published]).toEqual([2, at(100), at(500)]);
  });
});

describe('the home of a reader', () => {
  test('has the current statuses of those asked for, newest first, page by page', async () => {
    const actors = Array.from({ length: 7 }, newActor);
    const stranger = newActor();
    await projection.apply([
      ...actors.map((actor, index) => eventsOf(actor).publish('a', index < 3 ? 1 : index)),
      eventsOf(stranger).publish('a', 2),
    ]);
    await projection.apply([eventsOf(actors[4] ?? '').remove('a')]);
    const seen: string[] = [];
    for (let cursor: string | null = null, pages = 0; pages === 0 || cursor !== null; pages += 1) {
      const page = await reader.home(actors, { limit: 2, cursor, at: now });
      if (page.kind !== 'page') throw new Error('not a page');
      seen.push(...page.items.map(({ actor }) => actor));
      cursor = page.next;
    }
    const sameSecond = actors.slice(0, 3).sort().reverse();
    expect(seen).toEqual([actors[6], actors[5], actors[3], ...sameSecond]);
  });

  test.each([['rubbish', 'rubbish'], ['one of another list', encodeCursor(['a', 'b', 'c'])], ['no instant', encodeCursor(['x', 'y'])]])(
    'refuses a cursor that is %s',
    async (_, cursor) => {
      expect(await reader.home([newActor()], { limit: 2, cursor, at: now })).toEqual({ kind: 'bad-cursor' });
      const ours = encodeCursor([at(1), 'x']);
      expect(await reader.home([newActor()], { limit: 2, cursor: ours, at: now })).toEqual({ kind: 'page', items: [], next: null });
    },
  );
});

describe('a history', () => {
  test('pages newest first, several statuses of one instant and one id included, and says what became of each', async () => {
    const actor = newActor();
    const { publish, remove, erase } = eventsOf(actor);
    await projection.apply([
      publish('a', 1, keep),
      publish('b', 1, keep),
      publish('b', 2, keep),
      publish('c', 3),
      publish('d', 4, { keep: true, endTime: 6 }),
      publish('e', 5, keep),
      publish('f', 6, keep),
      publish('g', 7, keep),
      remove('f'),
      erase('e'),
    ]);
    const states: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await reader.history(actor, { limit: 2, cursor, at: now });
      if (page.kind !== 'page') throw new Error('not a page');
      states.push(...page.items.map(({ content, state }) => `${content?.text.slice(0, 1)} ${state}`));
      cursor = page.next;
    } while (cursor !== null);
    expect(states).toEqual(['g current', 'f removed', 'd expired', 'b past', 'b past', 'a past']);
    expect(await reader.countHistory(actor)).toBe(6);
    expect(await reader.history(actor, { limit: 2, cursor: encodeCursor(['a', 'b']), at: now })).toEqual({ kind: 'bad-cursor' });
  });

  test('that was never kept is empty', async () => {
    const actor = newActor();
    await projection.apply([eventsOf(actor).publish('a', 1)]);
    expect(await reader.history(actor, { limit: 2, cursor: null, at: now })).toEqual({ kind: 'page', items: [], next: null });
  });
});

describe('what stands at a status id', () => {
  const kindOf = async (actor: string, id: string, when = now) => {
    const found = await reader.byId(actor, id, when);
    return found.kind === 'shown' ? found.status.state : found;
  };
  const goneWithoutDelete = { kind: 'gone', deletedAt: null };

  test('without a history: the status while it is current, and nothing after supersession, Remove or expiry', async () => {
    const [replaced, cleared, expired] = [newActor(), newActor(), newActor()];
    await projection.apply([replaced, cleared, expired].map((actor) => eventsOf(actor).publish('a', 1, { endTime: actor === expired ? 20 : null })));
    for (const actor of [replaced, cleared, expired]) expect(await kindOf(actor, 'a')).toBe('current');
    await projection.apply([eventsOf(replaced).publish('b', 2), eventsOf(cleared).remove('a')]);
    for (const actor of [replaced, cleared]) expect(await kindOf(actor, 'a')).toEqual(goneWithoutDelete);
    expect(await kindOf(expired, 'a', new Date(ms(20)))).toEqual(goneWithoutDelete);
    await sweepExpired(dataSource, new Date(ms(20)), 10);
    expect(await kindOf(expired, 'a', new Date(ms(20)))).toEqual(goneWithoutDelete);
  });

  test('with a history: the status whatever became of it, until it is deleted', async () => {
    const actor = newActor();
    const { publish, remove, erase } = eventsOf(actor);
    await projection.apply([publish('a', 1, keep), publish('b', 2, { keep: true, endTime: 5 }), publish('c', 3, keep), publish('d', 4, keep), remove('c')]);
    expect([await kindOf(actor, 'a'), await kindOf(actor, 'b'), await kindOf(actor, 'c'), await kindOf(actor, 'd')])
      .toEqual(['past', 'expired', 'removed', 'current']);
    await projection.apply([erase('a'), erase('d')]);
    for (const id of ['a', 'd']) expect(await kindOf(actor, id)).toEqual({ kind: 'gone', deletedAt: at(100) });
    expect(await kindOf(actor, 'c')).toBe('removed');
  });

  test('is the latest version of the id', async () => {
    const actor = newActor();
    const { publish } = eventsOf(actor);
    await projection.apply([publish('a', 2, keep), publish('a', 1, keep), publish('b', 3, keep)]);
    expect(await reader.byId(actor, 'a', now)).toMatchObject({ status: { publishedRaw: at(2), state: 'past' } });
  });

  test('is unknown before anything was published there, and gone with its actor', async () => {
    const actor = newActor();
    const { publish, remove, gone } = eventsOf(actor);
    expect(await kindOf(actor, 'a')).toEqual({ kind: 'unknown' });
    await projection.apply([remove('a'), publish('b', 1, keep)]);
    expect(await kindOf(actor, 'a')).toEqual({ kind: 'unknown' });
    expect(await kindOf(actor, 'b')).toBe('current');
    await projection.apply([gone()]);
    expect(await kindOf(actor, 'b')).toEqual(goneWithoutDelete);
  });
});

describe('the log', () => {
  test('tells what delivery needs, and no words once they are erased', async () => {
    const actor = newActor();
    const { publish, remove, gone } = eventsOf(actor, 'local');
    const status = publish('a', 1, { keep: true, endTime: 20 });
    await projection.apply([status, remove('a')]);
    const about = { statusId: 'a', receivedAt: at(100), content: status.data.content, published: at(1), endTime: '2025-01-01T12:00:20Z' };
    const eventId = status.metadata.eventId;
    const removeId = remove('a').metadata.eventId;
    expect(await reader.eventContent(actor, eventId)).toEqual({ ...about, kind: 'StatusPublished', eventId });
    expect(await reader.eventContent(actor, removeId)).toEqual({ ...about, kind: 'StatusRemoved', eventId: removeId });
    await projection.apply([gone()]);
    expect(await reader.eventContent(actor, eventId)).toEqual({ ...about, kind: 'StatusPublished', eventId, content: null });
    expect(await reader.eventContent(actor, gone().metadata.eventId)).toMatchObject({ kind: 'ActorDeleted', statusId: null, content: null, published: null });
    expect(await reader.eventContent(newActor(), eventId)).toBeNull();
  });

  test('lists for the outbox what can still be read, Removes and Deletes, newest first', async () => {
    const actor = newActor();
    const { publish, remove, erase } = eventsOf(actor, 'local');
    const list = async (second: number, limit = 20) =>
      (await reader.recentEvents(actor, limit, new Date(ms(second)))).map(({ kind, statusId, content }) => [kind, statusId, content !== null]);
    await projection.apply([publish('a', 1), publish('b', 2, keep), publish('c', 3, keep), remove('b'), erase('c')]);
    await projection.apply([publish('d', 4, { endTime: 10 })]);
    const before = [['StatusDeleted', 'c', false], ['StatusRemoved', 'b', true], ['StatusPublished', 'b', true]];
    expect(await list(9)).toEqual([['StatusPublished', 'd', true], ...before]);
    expect(await list(9, 2)).toEqual([['StatusPublished', 'd', true], before[0]]);
    expect(await list(10)).toEqual(before);
  });

  test('knows how many are ours', async () => {
    const [actor, silent] = [newActor(), newActor()];
    const { publish, remove } = eventsOf(actor, 'local');
    const mine = await reader.localStatusCount();
    await projection.apply([publish('a', 1), publish('b', 2), remove('b'), eventsOf(silent).remove('a'), eventsOf(newActor()).publish('a', 1)]);
    expect(await reader.localStatusCount()).toBe(mine + 2);
  });
});
