import { createTestDatabase } from '@heliograph/testkit';
import { HOUR, MINUTE, openWorld, type World } from './fixtures/world.ts';
import { OTHER_PEM, PEM } from './fixtures/scripted-server.ts';
import { MemoryActorCache, type RemoteActor, type RemoteActors } from './index.ts';

let world: World;
let actors: RemoteActors;
beforeAll(async () => {
  world = await openWorld(await createTestDatabase());
});
afterAll(() => world?.close());
beforeEach(() => {
  world.clock.ahead = 0;
  actors = world.restart();
});

const status = (actor: string) => ({ type: 'ActorStatus', id: `${actor}/statuses/1`, attributedTo: actor, content: 'is here', published: '2025-05-15T05:23:53.539Z' });
const must = async (outcome: ReturnType<RemoteActors['byIri']>): Promise<RemoteActor> => {
  const got = await outcome;
  if (got.kind !== 'actor') throw new Error(JSON.stringify(got));
  return got.actor;
};

describe('an actor by IRI', () => {
  test('is fetched, told, and remembered over a restart', async () => {
    const { server } = world;
    const { id } = server.person('alice', {
      name: 'Alice',
      url: `${server.origin}/@alice`,
      icon: { type: 'Image', url: `${server.origin}/alice.png` },
      manuallyApprovesFollowers: true,
      statusHistory: `${server.origin}/users/alice/history`,
    });
    const outcome = await actors.byIri(id);
    const actor: RemoteActor = {
      iri: id,
      type: 'Person',
      handle: `alice@${server.host}`,
      preferredUsername: 'alice',
      displayName: 'Alice',
      url: `${server.origin}/@alice`,
      icon: `${server.origin}/alice.png`,
      inbox: `${id}/inbox`,
      sharedInbox: `${server.origin}/inbox`,
      followers: `${id}/followers`,
      keys: [{ id: `${id}#main-key`, owner: id, publicKeyPem: PEM }],
      hasHistory: true,
      shownStatus: false,
      locked: true,
      movedTo: null,
      status: null,
      fetchedAt: expect.any(Number) as number,
      keysFetchedAt: expect.any(Number) as number,
    };
    expect(outcome).toEqual({ kind: 'actor', actor, fetched: true });
    expect(await actors.byIri(id)).toEqual({ kind: 'actor', actor, fetched: false });
    const later = world.restart();
    expect(await later.byIri(id)).toEqual({ kind: 'actor', actor, fetched: false });
    expect(await later.known(id)).toEqual(actor);
    expect(await later.knownByHandle(`@ALICE@${server.host}`)).toEqual(actor);
    expect([...(await later.knownMany([id, `${id}2`]))]).toEqual([[id, actor]]);
    expect((await later.knownMany([])).size).toBe(0);
    expect(server.count('/users/alice')).toBe(1);
  });

  test('is fetched again when older than asked for, and one who does not answer is as last seen', async () => {
    const { server, clock } = world;
    const { id } = server.person('bob', { name: 'Bob' });
    await actors.byIri(id);
    server.person('bob', { name: 'Robert' });
    clock.ahead = HOUR - MINUTE;
    expect((await must(actors.byIri(id))).displayName).toBe('Bob');
    expect((await must(actors.byIri(id, { maxAgeMs: MINUTE }))).displayName).toBe('Robert');
    server.at('/users/bob', { status: 503 });
    clock.ahead += 2 * HOUR;
    expect(await actors.byIri(id)).toMatchObject({ kind: 'actor', actor: { displayName: 'Robert' }, fetched: false });
    expect(await actors.byIri(`${id}/else`)).toEqual({ kind: 'gone' });
  });

  test('is fetched once for many who ask at once', async () => {
    const { id } = world.server.person('crowded');
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => actors.byIri(id)));
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['actor']));
    expect(world.server.count('/users/crowded')).toBe(1);
  });

  test('brings the status of its document along, once, and is known to have shown one', async () => {
    const { server } = world;
    const id = `${server.origin}/users/carol`;
    server.person('carol', { status: status(id) });
    expect((await must(actors.byIri(id))).status).toMatchObject({ statusId: `${id}/statuses/1` });
    expect((await must(actors.byIri(id))).status).toBeNull();
    server.person('carol');
    expect(await must(actors.byIri(id, { maxAgeMs: -1 }))).toMatchObject({ status: null, shownStatus: true });
  });

  test('with an inbox elsewhere is refused; other foreign parts are left out', async () => {
    const { server, other } = world;
    const { id } = server.person('mallory', { inbox: `${other.origin}/inbox` });
    expect(await actors.byIri(id)).toEqual({ kind: 'refused', reason: 'the inbox is on another server than its actor' });
    const fine = server.person('trent', {
      endpoints: { sharedInbox: `${other.origin}/inbox` },
      followers: `${other.origin}/followers`,
      publicKey: [{ id: `${other.origin}/key`, owner: `${server.origin}/users/trent`, publicKeyPem: PEM }],
    });
    expect(await must(actors.byIri(fine.id))).toMatchObject({ sharedInbox: null, followers: null, keys: [] });
  });

  test('that failed is not asked for again at once', async () => {
    const { server, clock } = world;
    const cases = [
      { status: 404, kind: 'gone', wait: MINUTE },
      { status: 403, kind: 'refused', wait: MINUTE },
      { status: 500, kind: 'unavailable', wait: MINUTE / 6 },
    ];
    for (const { status: code, kind, wait } of cases) {
      const path = `/users/failing${code}`;
      server.at(path, { status: code });
      const ask = () => actors.byIri(server.origin + path);
      expect([(await ask()).kind, (await ask()).kind]).toEqual([kind, kind]);
      expect(server.count(path)).toBe(1);
      clock.ahead += wait;
      expect((await ask()).kind).toBe(kind);
      expect(server.count(path)).toBe(2);
    }
  });

  test('that is no actor is refused', async () => {
    const { server } = world;
    server.at('/note', { body: { type: 'Note', id: `${server.origin}/note` } });
    expect((await actors.byIri(`${server.origin}/note`)).kind).toBe('refused');
    expect((await actors.byIri(`${server.origin}/note`)).kind).toBe('refused');
    expect(server.count('/note')).toBe(1);
    for (const nonsense of ['nonsense', 'https://host.example/\u0000']) {
      expect((await actors.byIri(nonsense)).kind).toBe('refused');
      expect(await actors.known(nonsense)).toBeNull();
    }
  });

  test('goes by the end of its IRI when its name makes no handle', async () => {
    const { id } = world.server.person('odd', { preferredUsername: 'alice@victim.example' });
    expect((await must(actors.byIri(id))).handle).toBe(`odd@${world.server.host}`);
  });

  test('goes by no more of its IRI than an index takes', async () => {
    // 900 bytes as sent, 2,700 percent-encoded.
    const { id } = world.server.person('ü'.repeat(450), { preferredUsername: null });
    expect((await must(actors.byIri(id))).handle).toBe(`actor@${world.server.host}`);
    expect((await actors.byIri(`${id}${'x'.repeat(200)}`)).kind).toBe('refused');
  });
});

describe('the newest document wins', () => {
  test('also when an older fetch ends later', async () => {
    const { server } = world;
    const { id, ...document } = server.person('slow');
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let asked = () => {};
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    server.at('/users/slow', async () => {
      asked();
      await held;
      return { body: { id, ...document, name: 'old' } };
    });
    const slow = actors.byIri(id);
    await arrived;
    world.clock.ahead = 1;
    const stored = await world.restart().store({ id, ...document, name: 'new' });
    expect(stored?.displayName).toBe('new');
    release();
    expect((await must(slow)).displayName).toBe('new');
    expect((await actors.known(id))?.displayName).toBe('new');
  });
});

describe('the cache', () => {
  test('does not get back from a slow reader what was replaced meanwhile', async () => {
    const { server, restart } = world;
    const document = server.person('racy', { name: 'old' });
    await actors.byIri(document.id);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let reached = () => {};
    const reading = new Promise<void>((resolve) => (reached = resolve));
    const shared = new MemoryActorCache();
    const slow = restart({
      get: (key) => shared.get(key),
      delete: (key) => shared.delete(key),
      async set(...entry) {
        reached();
        await held;
        await shared.set(...entry);
      },
    });
    const read = slow.known(document.id);
    await reading;
    await restart(shared).store({ ...document, name: 'new' });
    release();
    expect((await read)?.displayName).toBe('old');
    expect((await restart(shared).known(document.id))?.displayName).toBe('new');
  });
});

describe('an Update', () => {
  test('is taken in at once, but for its keys', async () => {
    const { server, clock } = world;
    const document = server.person('erin', { name: 'Erin' });
    const before = await must(actors.byIri(document.id));
    clock.ahead = 23 * HOUR;
    const stored = await actors.store({
      ...document,
      name: 'Erin!',
      status: status(document.id),
      publicKey: { id: `${document.id}#main-key`, owner: document.id, publicKeyPem: OTHER_PEM },
    });
    expect(stored).toMatchObject({ displayName: 'Erin!', shownStatus: true, status: { content: { text: 'is here' } }, keys: before.keys, keysFetchedAt: before.keysFetchedAt });
    expect(await actors.known(document.id)).toEqual({ ...stored, status: null });
    // The key is as old as before.
    clock.ahead = 25 * HOUR;
    expect(await actors.key(`${document.id}#main-key`)).toMatchObject({ kind: 'key', pem: PEM, fetched: true });
  });

  test('that cannot be used changes nothing', async () => {
    const document = world.server.person('frank', { name: 'Frank' });
    await actors.byIri(document.id);
    expect(await actors.store({ ...document, inbox: 'https://elsewhere.example/inbox' })).toBeNull();
    expect(await actors.store({ ...document, type: 'Note' })).toBeNull();
    expect((await actors.known(document.id))?.displayName).toBe('Frank');
  });
});

describe('an actor that is gone', () => {
  test('by its own word is forgotten but for its IRI, for an hour', async () => {
    const { server, clock, dataSource } = world;
    const { id } = server.person('leaver', { name: 'Le Aver' });
    await actors.byIri(id);
    expect(await actors.known(id)).not.toBeNull();
    await actors.markGone(id);
    for (const process of [actors, world.restart()]) {
      expect(await process.known(id)).toBeNull();
      expect(await process.knownByHandle(`leaver@${server.host}`)).toBeNull();
      expect((await process.knownMany([id])).size).toBe(0);
      expect(await process.byIri(id)).toEqual({ kind: 'gone' });
      expect(await process.key(`${id}#main-key`)).toEqual({ kind: 'gone' });
    }
    const rows = await dataSource.query<{ all: string }[]>('SELECT a::text AS all FROM remote_actor a WHERE iri = $1', [id]);
    expect(rows[0]?.all).not.toMatch(/Le Aver|BEGIN PUBLIC KEY|leaver@/);
    expect(server.count('/users/leaver')).toBe(1);
    // People come back.
    clock.ahead = HOUR + MINUTE;
    expect(await actors.byIri(id)).toMatchObject({ kind: 'actor', fetched: true });
    expect((await actors.known(id))?.displayName).toBe('Le Aver');
  });

  test('by a 410 likewise; a 404 may be a mistake', async () => {
    const { server } = world;
    const [gone, lost] = [server.person('gone'), server.person('lost')];
    for (const { id } of [gone, lost]) await actors.byIri(id);
    server.at('/users/gone', { status: 410 });
    server.at('/users/lost', { status: 404 });
    for (const { id } of [gone, lost]) expect(await actors.byIri(id, { maxAgeMs: -1 })).toEqual({ kind: 'gone' });
    expect(await actors.known(gone.id)).toBeNull();
    expect(await actors.known(lost.id)).not.toBeNull();
  });

  test('and never was heard of leaves no trace', async () => {
    await actors.markGone(`${world.server.origin}/users/nobody`);
    expect(await world.dataSource.query('SELECT iri FROM remote_actor WHERE iri = $1', [`${world.server.origin}/users/nobody`])).toEqual([]);
  });
});
