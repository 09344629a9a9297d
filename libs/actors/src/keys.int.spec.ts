import { registry } from '@heliograph/platform';
import { createTestDatabase } from '@heliograph/testkit';
import { HOUR, MINUTE, openWorld, type World } from './fixtures/world.ts';
import { OTHER_PEM, PEM } from './fixtures/scripted-server.ts';
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

describe('a key in the document of its actor', () => {
  test('is fetched once, for many at once, and over a restart', async () => {
    const { server } = world;
    const { id } = server.person('alice');
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => actors.key(`${id}#main-key`)));
    expect(new Set(outcomes.map((outcome) => outcome.kind === 'key' && outcome.pem))).toEqual(new Set([PEM]));
    expect(outcomes[0]).toMatchObject({ actor: { iri: id }, fetched: true });
    expect(await actors.key(`${id}#main-key`)).toMatchObject({ kind: 'key', pem: PEM, fetched: false });
    expect(await world.restart().key(`${id}#main-key`)).toMatchObject({ kind: 'key', pem: PEM, fetched: false });
    expect(server.count('/users/alice')).toBe(1);
  });

  test('that was replaced is found by a refetch, at most once in five minutes', async () => {
    const { server, clock } = world;
    const { id } = server.person('rotating');
    const keyId = `${id}#main-key`;
    const renew = (pem: string) => server.person('rotating', { publicKey: { id: keyId, owner: id, publicKeyPem: pem } });
    await actors.key(keyId);
    renew(OTHER_PEM);
    expect(await actors.key(keyId)).toMatchObject({ pem: PEM, fetched: false });
    expect(await actors.key(keyId, { refetch: true })).toMatchObject({ pem: OTHER_PEM, fetched: true });
    expect(await actors.key(keyId)).toMatchObject({ pem: OTHER_PEM, fetched: false });
    renew(PEM);
    clock.ahead = 5 * MINUTE - 1_000;
    expect(await actors.key(keyId, { refetch: true })).toMatchObject({ pem: OTHER_PEM, fetched: false });
    expect(server.count('/users/rotating')).toBe(2);
    clock.ahead = 5 * MINUTE + 1_000;
    expect(await actors.key(keyId, { refetch: true })).toMatchObject({ pem: PEM, fetched: true });
  });

  test('is confirmed every day, and has to do while nobody answers', async () => {
    const { server, clock } = world;
    const { id } = server.person('daily');
    await actors.key(`${id}#main-key`);
    server.at('/users/daily', { status: 503 });
    clock.ahead = 23 * HOUR;
    expect(await actors.key(`${id}#main-key`)).toMatchObject({ kind: 'key', fetched: false });
    expect(server.count('/users/daily')).toBe(1);
    clock.ahead = 25 * HOUR;
    for (const _ of [1, 2]) expect(await actors.key(`${id}#main-key`)).toMatchObject({ kind: 'key', fetched: false });
    expect(server.count('/users/daily')).toBe(2);
    // A replaced key is another matter: the sender shall try again.
    expect((await actors.key(`${id}#main-key`, { refetch: true })).kind).toBe('unavailable');
  });

  test('that the actor does not have is refused, and not asked for again at once', async () => {
    const { server } = world;
    const { id } = server.person('bob');
    for (const _ of [1, 2]) expect(await actors.key(`${id}#other-key`)).toEqual({ kind: 'refused', reason: 'the actor does not name this key' });
    expect(server.count('/users/bob')).toBe(1);
    expect((await actors.key(`${id}#main-key`)).kind).toBe('key');
  });

  test('of another owner is not the actor\'s', async () => {
    const { server } = world;
    const victim = server.person('victim');
    const { id } = server.person('mallory', { publicKey: { id: `${server.origin}/users/mallory#main-key`, owner: victim.id, publicKeyPem: PEM } });
    expect((await actors.key(`${id}#main-key`)).kind).toBe('refused');
    expect((await actors.key(`${victim.id}#main-key`)).kind).toBe('key');
  });
});

describe('a key with a path of its own', () => {
  test('that leads to a stub of its actor (GoToSocial)', async () => {
    const { server } = world;
    const keyId = `${server.origin}/users/gts/main-key`;
    const publicKey = { id: keyId, owner: `${server.origin}/users/gts`, publicKeyPem: PEM };
    const { id } = server.person('gts', { publicKey });
    server.at('/users/gts/main-key', { body: { id, type: 'Person', preferredUsername: 'gts', publicKey } });
    expect(await actors.key(keyId)).toMatchObject({ kind: 'key', pem: PEM, actor: { iri: id }, fetched: true });
    for (const process of [actors, world.restart()]) expect(await process.key(keyId)).toMatchObject({ kind: 'key', pem: PEM, fetched: false });
    expect([server.count('/users/gts'), server.count('/users/gts/main-key')]).toEqual([1, 1]);
  });

  test('that is a document by itself, inlined or linked by its owner', async () => {
    const { server } = world;
    for (const [name, inlined] of [['carol', true], ['dave', false]] as const) {
      const keyId = `${server.origin}/keys/${name}`;
      const key = { id: keyId, owner: `${server.origin}/users/${name}`, publicKeyPem: PEM };
      server.at(`/keys/${name}`, { body: { type: 'CryptographicKey', ...key } });
      const { id } = server.person(name, { publicKey: inlined ? key : keyId });
      expect(await actors.key(keyId)).toMatchObject({ kind: 'key', pem: PEM, actor: { iri: id }, fetched: true });
      expect(await world.restart().key(keyId)).toMatchObject({ kind: 'key', pem: PEM, actor: { iri: id }, fetched: false });
      expect(server.count(`/keys/${name}`)).toBe(1);
    }
  });

  test('is refused unless its owner names it back, with the same key', async () => {
    const { server } = world;
    const victim = server.person('erin');
    const keyOf = (name: string, owner: string) => {
      const key = { id: `${server.origin}/keys/${name}`, owner, publicKeyPem: OTHER_PEM };
      server.at(`/keys/${name}`, { body: key });
      return key;
    };
    const stranger = keyOf('stranger', victim.id);
    expect(await actors.key(stranger.id)).toEqual({ kind: 'refused', reason: 'the owner of the key does not name it' });
    const changed = keyOf('changed', `${server.origin}/users/frank`);
    server.person('frank', { publicKey: { ...changed, publicKeyPem: PEM } });
    expect(await actors.key(changed.id)).toEqual({ kind: 'refused', reason: 'the owner of the key does not name it' });
  });

  test('of an owner on another server is refused without asking there', async () => {
    const { server, other } = world;
    const victim = other.person('grace');
    server.at('/keys/grace', { body: { id: `${server.origin}/keys/grace`, owner: victim.id, publicKeyPem: PEM } });
    expect(await actors.key(`${server.origin}/keys/grace`)).toEqual({ kind: 'refused', reason: 'the owner of the key is on another server' });
    expect(other.count('/users/grace')).toBe(0);
  });

  test('does not lead to an actor elsewhere that claims to have it', async () => {
    const { server, other } = world;
    const keyId = `${server.origin}/users/heidi/main-key`;
    const claimant = other.person('claimant', { publicKey: { id: keyId, owner: `${other.origin}/users/claimant`, publicKeyPem: OTHER_PEM } });
    await actors.byIri(claimant.id);
    expect(await actors.key(keyId)).toEqual({ kind: 'gone' });
  });

  test('that fails takes nothing from the actor of the same address', async () => {
    const { id } = world.server.person('ivan');
    expect((await actors.key(id)).kind).toBe('refused');
    expect((await actors.byIri(id)).kind).toBe('actor');
  });
});

describe('a key that cannot be had', () => {
  test.each([
    [404, { kind: 'gone' }],
    [403, { kind: 'refused', reason: 'the other server answered 403' }],
    [503, { kind: 'unavailable', reason: 'the other server answered 503', retryAfterSeconds: 10 }],
  ])('because of %i', async (status, outcome) => {
    world.server.at(`/users/failing${status}`, { status });
    for (const _ of [1, 2]) expect(await actors.key(`${world.server.origin}/users/failing${status}#main-key`)).toEqual(outcome);
    expect(world.server.count(`/users/failing${status}`)).toBe(1);
  });

  test.each(['', 'nonsense', 'acct:alice@host', 'ftp://host.example/key', `https://host.example/${'x'.repeat(3_000)}`])('because %j is no keyId', async (keyId) => {
    expect(await actors.key(keyId)).toEqual({ kind: 'refused', reason: 'the keyId is not an absolute http or https URL' });
  });
});

test('what the cache did is counted', async () => {
  const { id } = world.server.person('counted');
  const read = async () => {
    const metric = await registry.getSingleMetric('heliograph_actor_cache_total')?.get();
    const of = (result: string) => metric?.values.find(({ labels }) => labels['what'] === 'key' && labels['result'] === result)?.value ?? 0;
    return { hit: of('hit'), miss: of('miss'), refetch: of('refetch') };
  };
  const before = await read();
  for (const refetch of [false, false, true]) await actors.key(`${id}#main-key`, { refetch });
  expect(await read()).toEqual({ hit: before.hit + 1, miss: before.miss + 1, refetch: before.refetch + 1 });
});
