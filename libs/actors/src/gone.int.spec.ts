import { createTestDatabase } from '@heliograph/testkit';
import { OTHER_PEM, PEM } from './fixtures/scripted-server.ts';
import { HOUR, MINUTE, openWorld, type World } from './fixtures/world.ts';
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

const evenIfGone = true;
/** An actor whose key was fetched, `hours` ago. */
async function known(name: string, hours: number) {
  const { id } = world.server.person(name, { name: 'Full Name' });
  const keyId = `${id}#main-key`;
  expect((await actors.key(keyId)).kind).toBe('key');
  world.clock.ahead = hours * HOUR;
  return { id, keyId, path: `/users/${name}` };
}

describe('an actor whose server answers that it is gone, before its Delete comes', () => {
  test.each([
    ['410', { status: 410 }],
    ['a Tombstone', { body: { type: 'Tombstone', id: 'ITS ID' } }],
  ])('by %s: is out of sight, and its key is left for the Delete alone', async (what, reply) => {
    const { id, keyId, path } = await known(`leaver-${what.length}`, 25);
    world.server.at(path, 'body' in reply ? { body: { ...reply.body, id } } : reply);
    expect(await actors.key(keyId)).toEqual({ kind: 'gone' });
    for (const process of [actors, world.restart()]) {
      expect(await process.key(keyId)).toEqual({ kind: 'gone' });
      expect(await process.known(id)).toBeNull();
      expect(await process.knownByHandle(`leaver-${what.length}@${world.server.host}`)).toBeNull();
      expect((await process.knownMany([id])).size).toBe(0);
      expect(await process.heardOf(id)).toBe(true);
      expect(await process.key(keyId, { evenIfGone })).toMatchObject({ kind: 'key', pem: PEM, fetched: false, actor: { iri: id, displayName: 'Full Name' } });
    }
    // The Delete may take days.
    world.clock.ahead += 48 * HOUR;
    expect(await actors.key(keyId, { evenIfGone })).toMatchObject({ kind: 'key', pem: PEM });
    await actors.markGone(id);
    for (const process of [actors, world.restart()]) {
      expect(await process.heardOf(id)).toBe(false);
      expect(await process.key(keyId, { evenIfGone })).toEqual({ kind: 'gone' });
    }
    const rows = await world.dataSource.query<{ all: string }[]>('SELECT a::text AS all FROM remote_actor a WHERE iri = $1', [id]);
    expect(rows[0]?.all).not.toMatch(/Full Name|BEGIN PUBLIC KEY|leaver-\d+@/);
  });

  test('by 404: the same, but that may be a mistake, so it stays in sight', async () => {
    const { id, keyId, path } = await known('lost', 25);
    world.server.at(path, { status: 404 });
    expect(await actors.key(keyId)).toEqual({ kind: 'gone' });
    expect(await actors.key(keyId, { evenIfGone })).toMatchObject({ kind: 'key', pem: PEM, actor: { iri: id } });
    expect(await actors.known(id)).not.toBeNull();
    expect(await actors.heardOf(id)).toBe(true);
  });

  test('is not made unknown by requests with a bad signature', async () => {
    const { id, keyId, path } = await known('target', 1);
    world.server.at(path, { status: 410 });
    // What a stranger can cause: any key look-up, again after the known key did not verify, and the look-up of the actor.
    expect(await actors.key(keyId)).toMatchObject({ kind: 'key' });
    expect(await actors.key(keyId, { refetch: true })).toEqual({ kind: 'gone' });
    expect(await actors.key(keyId, { refetch: true, evenIfGone })).toMatchObject({ kind: 'key', pem: PEM });
    expect(await actors.byIri(id, { maxAgeMs: -1 })).toEqual({ kind: 'gone' });
    for (const process of [actors, world.restart()]) {
      expect(await process.heardOf(id)).toBe(true);
      expect(await process.key(keyId, { evenIfGone })).toMatchObject({ kind: 'key', pem: PEM });
    }
  });

  test('comes back into sight with its document', async () => {
    const { id, path } = await known('returner', 0);
    world.server.at(path, { status: 410 });
    expect(await actors.byIri(id, { maxAgeMs: -1 })).toEqual({ kind: 'gone' });
    expect(await actors.known(id)).toBeNull();
    world.server.person('returner', { name: 'Back' });
    world.clock.ahead = HOUR + MINUTE;
    expect(await actors.byIri(id)).toMatchObject({ kind: 'actor', actor: { displayName: 'Back' }, fetched: true });
  });

  test('is not hidden by a fetch that began before a later document came', async () => {
    const { server, clock } = world;
    const document = server.person('updated');
    await actors.byIri(document.id);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let asked = () => {};
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    server.at('/users/updated', async () => {
      asked();
      await held;
      return { status: 410 };
    });
    const slow = actors.byIri(document.id, { maxAgeMs: -1 });
    await arrived;
    clock.ahead = MINUTE;
    await actors.store({ ...document, name: 'Updated' });
    release();
    await slow;
    expect((await actors.known(document.id))?.displayName).toBe('Updated');
  });
});

describe('a key with a path of its own', () => {
  const withKey = async (name: string) => {
    const { server } = world;
    const keyId = `${server.origin}/users/${name}/main-key`;
    const publicKey = { id: keyId, owner: `${server.origin}/users/${name}`, publicKeyPem: PEM };
    const { id } = server.person(name, { publicKey });
    server.at(`/users/${name}/main-key`, { body: { id, type: 'Person', preferredUsername: name, publicKey } });
    expect((await actors.key(keyId)).kind).toBe('key');
    world.clock.ahead = 25 * HOUR;
    server.at(`/users/${name}/main-key`, { status: 410 });
    return { id, keyId, path: `/users/${name}` };
  };

  test('is left for the Delete when its owner is gone too', async () => {
    const { id, keyId, path } = await withKey('gts');
    world.server.at(path, { status: 410 });
    expect(await actors.key(keyId)).toEqual({ kind: 'gone' });
    for (const process of [actors, world.restart()]) expect(await process.key(keyId, { evenIfGone })).toMatchObject({ kind: 'key', pem: PEM, actor: { iri: id } });
  });

  test('is no key any more when it alone is gone, or nobody can tell', async () => {
    const { keyId, path } = await withKey('revoked');
    expect(await actors.key(keyId, { evenIfGone })).toEqual({ kind: 'gone' });
    world.clock.ahead += 25 * HOUR;
    world.server.at(path, { status: 503 });
    expect((await actors.key(keyId, { evenIfGone })).kind).toBe('unavailable');
  });
});

test('a neighbour that names the key as its own does not take its place', async () => {
  const { id, keyId, path } = await known('victim', 1);
  const { server } = world;
  const neighbour = server.person('neighbour', { publicKey: { id: keyId, owner: `${server.origin}/users/neighbour`, publicKeyPem: OTHER_PEM } });
  server.at(path, { status: 410 });
  await actors.byIri(id, { maxAgeMs: -1 });
  world.clock.ahead += MINUTE;
  await actors.byIri(neighbour.id);
  expect(await actors.key(keyId, { evenIfGone })).toMatchObject({ kind: 'key', pem: PEM, actor: { iri: id } });
});

test('an actor never heard of is neither', async () => {
  const id = `${world.server.origin}/users/nobody`;
  world.server.at('/users/nobody', { status: 410 });
  expect(await actors.key(`${id}#main-key`, { evenIfGone })).toEqual({ kind: 'gone' });
  expect(await actors.heardOf(id)).toBe(false);
  expect(await actors.heardOf('nonsense\u0000')).toBe(false);
});
