import { createTestDatabase } from '@heliograph/testkit';
import { HOUR, MINUTE, openWorld, type World } from './fixtures/world.ts';
import { webFingerPath } from './fixtures/scripted-server.ts';
import type { RemoteActors } from './index.ts';

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

describe('an actor by handle', () => {
  test('is found by WebFinger, and remembered', async () => {
    const { server } = world;
    const { id } = server.person('alice');
    const handle = `alice@${server.host}`;
    server.webFinger(handle, id);
    expect(await actors.byHandle(`@${handle}`)).toMatchObject({ kind: 'actor', actor: { iri: id, handle }, fetched: true });
    for (const process of [actors, world.restart()]) expect(await process.byHandle(handle)).toMatchObject({ kind: 'actor', actor: { iri: id }, fetched: false });
    expect([server.count(webFingerPath(handle)), server.count('/users/alice')]).toEqual([1, 1]);
  });

  test('of a host that has its actors elsewhere is confirmed there', async () => {
    const { server, other } = world;
    const handle = `bob@${other.host}`;
    const { id } = server.person('bob');
    other.webFinger(handle, id);
    server.webFinger(`bob@${server.host}`, id, handle);
    expect(await actors.byHandle(handle)).toMatchObject({ kind: 'actor', actor: { iri: id, handle } });
    // A later fetch of the document knows no better.
    expect(await actors.byIri(id, { maxAgeMs: -1 })).toMatchObject({ actor: { handle } });
    expect((await actors.knownByHandle(handle))?.iri).toBe(id);
    // Asked by the name at home, it is the same.
    expect(await world.restart().byHandle(`bob@${server.host}`)).toMatchObject({ kind: 'actor', actor: { iri: id, handle } });
  });

  test('keeps the name of a host that does not answer just now', async () => {
    const { server, other } = world;
    const handle = `judy@${other.host}`;
    const { id } = server.person('judy');
    other.webFinger(handle, id);
    server.webFinger(`judy@${server.host}`, id, handle);
    await actors.byHandle(handle);
    other.at(webFingerPath(handle), { status: 503 });
    expect(await world.restart().byHandle(`judy@${server.host}`)).toMatchObject({ kind: 'actor', actor: { iri: id, handle } });
    expect((await actors.knownByHandle(handle))?.iri).toBe(id);
    other.at(webFingerPath(handle), { status: 404 });
    expect(await world.restart().byHandle(`judy@${server.host}`)).toMatchObject({ kind: 'actor', actor: { iri: id, handle: `judy@${server.host}` } });
  });

  test('keeps its own name when another host only points to it', async () => {
    const { server, other } = world;
    const { id } = server.person('carol');
    other.webFinger(`president@${other.host}`, id);
    server.webFinger(`carol@${server.host}`, id);
    expect(await actors.byHandle(`president@${other.host}`)).toMatchObject({ kind: 'actor', actor: { iri: id, handle: `carol@${server.host}` } });
    expect(await actors.knownByHandle(`president@${other.host}`)).toBeNull();
    expect(await actors.byHandle(`president@${other.host}`)).toMatchObject({ actor: { iri: id }, fetched: false });
  });

  test('cannot take a name that its host gave to somebody else', async () => {
    const { server, other } = world;
    const honest = other.person('dave');
    other.webFinger(`dave@${other.host}`, honest.id);
    const { id } = server.person('mallory');
    server.webFinger(`mallory@${server.host}`, id, `dave@${other.host}`);
    expect(await actors.byHandle(`mallory@${server.host}`)).toMatchObject({ actor: { iri: id, handle: `mallory@${server.host}` } });
    expect(await actors.byHandle(`dave@${other.host}`)).toMatchObject({ actor: { iri: honest.id, handle: `dave@${other.host}` } });
  });

  test('is refused when its own server does not confirm it', async () => {
    const { server, other } = world;
    const { id } = server.person('erin');
    other.webFinger(`erin@${other.host}`, id);
    expect(await actors.byHandle(`erin@${other.host}`)).toEqual({ kind: 'refused', reason: `the actor's own server does not confirm it by WebFinger` });
  });

  test('is gone without an answer, refused with a useless one, unavailable with an error, and not asked for again at once', async () => {
    const { server, clock } = world;
    const json = { 'content-type': 'application/jrd+json' };
    server.at(webFingerPath(`empty@${server.host}`), { headers: json, body: { subject: `acct:empty@${server.host}` } });
    server.at(webFingerPath(`broken@${server.host}`), { status: 502 });
    for (const [name, kind] of [['nobody', 'gone'], ['empty', 'refused'], ['broken', 'unavailable']] as const) {
      for (const _ of [1, 2]) expect((await actors.byHandle(`${name}@${server.host}`)).kind).toBe(kind);
      expect(server.count(webFingerPath(`${name}@${server.host}`))).toBe(1);
    }
    const { id } = server.person('nobody');
    server.webFinger(`nobody@${server.host}`, id);
    clock.ahead = MINUTE + 1;
    expect((await actors.byHandle(`nobody@${server.host}`)).kind).toBe('actor');
  });

  test('is as last seen while its server does not answer', async () => {
    const { server, clock } = world;
    const handle = `frank@${server.host}`;
    server.webFinger(handle, server.person('frank').id);
    await actors.byHandle(handle);
    server.at(webFingerPath(handle), { status: 503 });
    clock.ahead = 2 * HOUR;
    expect(await actors.byHandle(handle)).toMatchObject({ kind: 'actor', fetched: false });
    expect(server.count(webFingerPath(handle))).toBe(2);
  });

  test.each(['alice', '@alice', 'a@b@c', 'alice@host/path'])('%s is none', async (handle) => {
    expect(await actors.byHandle(handle)).toEqual({ kind: 'refused', reason: 'the handle is not of the form name@host' });
    expect(await actors.knownByHandle(handle)).toBeNull();
  });
});
