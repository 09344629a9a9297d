import { eventually, Instance, type InstanceAccount } from '@heliograph/testkit';

/** Two servers as processes of their own, each with its own PostgreSQL; people on them follow each other. */
describe('two instances', () => {
  let east: Instance;
  let west: Instance;
  let alice: InstanceAccount;
  let bob: InstanceAccount;
  const handle = (account: InstanceAccount): string => `${account.name}@${new URL(account.id).host}`;

  beforeAll(async () => {
    [east, west] = await Promise.all([Instance.start(), Instance.start()]);
    [alice, bob] = await Promise.all([east.createAccount('alice'), west.createAccount('bob')]);
  }, 120_000);
  afterAll(() => Promise.all([east?.dispose(), west?.dispose()]), 60_000);

  const set = (body: object) => east.request('PUT', '/api/status', { token: alice.token, body });
  const home = async () => (await west.request('GET', '/api/home', { token: bob.token })).body.items as { actor: any; status: any }[];
  const seen = async () => (await home()).find(({ actor }) => actor.id === alice.id)?.status ?? null;
  const history = async (cursor = '') =>
    (await west.request('GET', `/api/actors/${encodeURIComponent(handle(alice))}/history${cursor}`)).body as { items: any[]; next: string | null };

  test('a status set before the follow is seen by the new follower', async () => {
    expect((await set({ content: 'up before you came' })).status).toBe(200);
    const followed = await west.request('POST', '/api/following', { token: bob.token, body: { actor: `@${handle(alice)}` } });
    expect(followed.status).toBe(201);
    expect(followed.body.actor).toMatchObject({ id: alice.id, handle: handle(alice), local: false, hasHistory: true });
    await eventually(async () => {
      const { body } = await west.request('GET', '/api/following', { token: bob.token });
      expect(body.items).toEqual([{ actor: expect.objectContaining({ id: alice.id }), state: 'accepted' }]);
    });
    await eventually(async () => expect(await seen()).toMatchObject({ content: 'up before you came', state: 'current' }));
    const followers = await east.request('GET', '/api/followers', { token: alice.token });
    expect(followers.body.items).toEqual([expect.objectContaining({ id: bob.id, handle: handle(bob) })]);
  });

  test('a status with end and link arrives whole', async () => {
    const attachment = { href: 'https://radio.example/live', name: 'Radio' };
    const { body } = await set({ content: 'listening to the sea 🌊', expiresIn: 3600, attachment });
    await eventually(async () => expect(await seen()).toEqual({ ...body.status, attachment }));
  });

  test('what is cleared, deleted or expired disappears there', async () => {
    const first = (await set({ content: 'to be cleared' })).body.status;
    await eventually(async () => expect((await seen())?.id).toBe(first.id));
    expect((await east.request('DELETE', '/api/status', { token: alice.token })).status).toBe(200);
    await eventually(async () => expect(await seen()).toBeNull());

    const second = (await set({ content: 'to be deleted' })).body.status;
    await eventually(async () => expect((await seen())?.id).toBe(second.id));
    expect((await east.request('DELETE', `/api/statuses/${second.id.split('/').at(-1)}`, { token: alice.token })).status).toBe(204);
    await eventually(async () => expect(await seen()).toBeNull());
    await eventually(async () => expect((await history()).items.map(({ id }) => id)).not.toContain(second.id));

    const third = (await set({ content: 'to expire', expiresIn: 2 })).body.status;
    await eventually(async () => expect((await seen())?.id).toBe(third.id));
    await eventually(async () => expect(await seen()).toBeNull());
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(third.endTime));
    expect((await history()).items[0]).toMatchObject({ id: third.id, state: 'expired' });
    expect((await history()).items.find(({ id }) => id === first.id)).toMatchObject({ content: 'to be cleared', state: 'removed' });
  });

  test('a status set while the other server is down arrives after it is back', async () => {
    await west.down();
    const { status, body } = await set({ content: 'you will read this later' });
    expect(status).toBe(200);
    await west.up();
    await eventually(async () => expect((await seen())?.id).toBe(body.status.id), 30_000);
  }, 60_000);

  test('a delivery that is due survives kill -9 of the sender', async () => {
    await west.down();
    const { body } = await set({ content: 'sent by a server that was killed' });
    await east.down('SIGKILL');
    await Promise.all([east.up(), west.up()]);
    await eventually(async () => expect((await seen())?.id).toBe(body.status.id), 40_000);
  }, 90_000);

  test('unfollowing ends it on both sides', async () => {
    const undone = await west.request('DELETE', `/api/following/${encodeURIComponent(handle(alice))}`, { token: bob.token });
    expect(undone.status).toBe(204);
    expect(await home()).toEqual([]);
    await eventually(async () => expect((await east.request('GET', '/api/followers', { token: alice.token })).body.items).toEqual([]));
  });

  test('a deleted account is gone on both sides', async () => {
    await west.request('POST', '/api/following', { token: bob.token, body: { actor: alice.id } });
    const { body } = await set({ content: 'my last words' });
    await eventually(async () => expect((await seen())?.id).toBe(body.status.id));
    await east.helio('account', 'delete', 'alice');
    expect((await east.document(alice.id)).status).toBe(410);
    expect((await east.document(body.status.id)).status).toBe(410);
    await eventually(async () => expect(await home()).toEqual([]), 30_000);
    expect((await east.request('GET', '/api/home', { token: alice.token })).status).toBe(401);
  }, 60_000);
});
