import { createTestDatabase } from '@heliograph/testkit';
import { webFingerPath } from './fixtures/scripted-server.ts';
import { HOUR, openWorld, type World } from './fixtures/world.ts';
import { MemoryActorCache, type FetchOptions } from './index.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld(await createTestDatabase());
});
afterAll(() => world?.close());
beforeEach(() => {
  world.clock.ahead = 0;
});

const BUSY = { kind: 'unavailable', reason: 'busy', retryAfterSeconds: expect.any(Number) };

test('look-ups that would fetch too much at once are turned away, and nobody is worse off later', async () => {
  const { server, other, clock } = world;
  const { id } = server.person('known');
  const unknown = server.person('unknown');
  server.webFinger(`unknown@${server.host}`, unknown.id);
  const actors = world.restart(new MemoryActorCache({ now: clock.now }), { maxFetches: 1 });
  await actors.key(`${id}#main-key`);
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  other.at('/slow', async () => {
    arrive();
    await held;
    return { status: 404 };
  });
  const slow = actors.byIri(`${other.origin}/slow`);
  await arrived;
  const keyId = `${unknown.id}#main-key`;
  const lookups = [actors.key(keyId), actors.byIri(unknown.id), actors.byHandle(`unknown@${server.host}`), actors.key(`${id}#main-key`, { refetch: true })];
  expect(await Promise.all(lookups)).toEqual([BUSY, BUSY, BUSY, BUSY]);
  expect([server.count('/users/unknown'), server.count(webFingerPath(`unknown@${server.host}`))]).toEqual([0, 0]);
  // Those who are known get through, whatever their age.
  clock.ahead = 25 * HOUR;
  const stale = await Promise.all([actors.key(`${id}#main-key`), actors.byIri(id)]);
  expect(stale).toMatchObject([{ kind: 'key', fetched: false }, { kind: 'actor', fetched: false }]);
  release();
  expect(await slow).toEqual({ kind: 'gone' });
  // To be turned away is not remembered as a failure of theirs, nor as a refetch.
  expect(await actors.key(`${id}#main-key`, { refetch: true })).toMatchObject({ kind: 'key', fetched: true });
  expect((await actors.key(keyId)).kind).toBe('key');
  expect((await actors.byHandle(`unknown@${server.host}`)).kind).toBe('actor');
});

test('a refetch that nobody answered is not counted as one', async () => {
  const { server, clock } = world;
  const { id } = server.person('flaky');
  const actors = world.restart();
  const refetch = () => actors.key(`${id}#main-key`, { refetch: true });
  await actors.key(`${id}#main-key`);
  server.at('/users/flaky', { status: 503 });
  for (const _ of [1, 2]) expect((await refetch()).kind).toBe('unavailable');
  expect(server.count('/users/flaky')).toBe(2);
  server.person('flaky');
  clock.ahead = 11_000;
  expect(await refetch()).toMatchObject({ kind: 'key', fetched: true });
  expect(await refetch()).toMatchObject({ kind: 'key', fetched: false });
});

test('a key has less time than other documents', async () => {
  const options: (FetchOptions | undefined)[] = [];
  const actors = world.restart(undefined, {
    async fetchDocument(_url, _kind, given) {
      options.push(given);
      return { kind: 'gone', permanent: false };
    },
  });
  await actors.key('https://peer.example/actor#main-key');
  await actors.byIri('https://peer.example/other');
  expect(options).toEqual([{ timeoutMs: 4_000 }, undefined]);
});
