import { Instance, type InstanceAccount, RemoteServer } from '@heliograph/testkit';

/** How others find people here, and people here others. */
describe('discovery', () => {
  let instance: Instance;
  let remote: RemoteServer;
  let alice: InstanceAccount;
  let host: string;
  beforeAll(async () => {
    [instance, remote] = await Promise.all([Instance.start(), RemoteServer.start()]);
    alice = await instance.createAccount('alice');
    host = new URL(instance.origin).host;
  }, 120_000);
  afterAll(() => Promise.all([instance?.dispose(), remote?.stop()]), 60_000);

  const get = (path: string) => instance.request('GET', path);
  const finger = (resource: string) => get(`/.well-known/webfinger?resource=${encodeURIComponent(resource)}`);

  test.each(['acct', 'ACCT', 'page', 'id'])('WebFinger by %s', async (how) => {
    const resource = { acct: `acct:alice@${host}`, ACCT: `acct:Alice@${host.toUpperCase()}`, page: `${instance.origin}/@alice`, id: alice.id }[how]!;
    const { status, headers, body } = await finger(resource);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/jrd\+json/);
    expect(body.subject).toBe(`acct:alice@${host}`);
    expect(body.links).toContainEqual({ rel: 'self', type: 'application/activity+json', href: alice.id });
  });

  test('WebFinger of nobody, of another host, and of nothing', async () => {
    expect((await finger(`acct:nobody@${host}`)).status).toBe(404);
    expect((await finger('acct:alice@elsewhere.example')).status).toBe(404);
    expect((await get('/.well-known/webfinger')).status).toBe(400);
  });

  test('host-meta leads to WebFinger, in XML and JSON', async () => {
    const xml = await get('/.well-known/host-meta');
    expect(xml.headers.get('content-type')).toMatch(/^application\/xrd\+xml/);
    expect(xml.body).toContain(`template="${instance.origin}/.well-known/webfinger?resource={uri}"`);
    expect((await get('/.well-known/host-meta.json')).body.links[0].template).toBe(`${instance.origin}/.well-known/webfinger?resource={uri}`);
  });

  test.each(['2.0', '2.1'])('NodeInfo %s', async (version) => {
    const { links } = (await get('/.well-known/nodeinfo')).body;
    const { href } = links.find(({ rel }: { rel: string }) => rel.endsWith(version));
    const { body, headers } = await get(href);
    expect(headers.get('content-type')).toContain(`ns/schema/${version}#`);
    expect(body).toMatchObject({ version, software: { name: 'heliograph' }, protocols: ['activitypub'], usage: { users: { total: 1 } } });
  });

  test('the actor document has what peers ask for, with an ETag', async () => {
    const { headers, body } = await instance.document(alice.id);
    expect(headers.get('content-type')).toBe('application/activity+json');
    expect(body).toMatchObject({
      type: 'Person',
      id: alice.id,
      preferredUsername: 'alice',
      url: `${instance.origin}/@alice`,
      inbox: `${alice.id}/inbox`,
      outbox: `${alice.id}/outbox`,
      followers: `${alice.id}/followers`,
      following: `${alice.id}/following`,
      statusHistory: `${alice.id}/statuses`,
      endpoints: { sharedInbox: `${instance.origin}/inbox` },
      publicKey: { id: `${alice.id}#main-key`, owner: alice.id },
    });
    const again = await instance.request('GET', alice.id, { accept: 'application/activity+json', headers: { 'if-none-match': headers.get('etag')! } });
    expect(again.status).toBe(304);
    for (const collection of ['outbox', 'followers', 'following', 'statuses', 'inbox']) {
      expect((await instance.document(`${alice.id}/${collection}`)).body).toMatchObject({ type: 'OrderedCollection', id: `${alice.id}/${collection}` });
    }
  });

  test('browsers get a page, with everything in it escaped', async () => {
    await instance.request('PUT', '/api/status', { token: alice.token, body: { content: '<script>alert(1)</script>' } });
    for (const path of ['/users/alice', '/@alice']) {
      const { status, headers, body } = await instance.request('GET', path, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
      expect(status).toBe(200);
      expect(headers.get('content-type')).toMatch(/^text\/html/);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
      expect(body).not.toContain('<script>');
    }
  });

  test('the status in the document of somebody looked up is taken in', async () => {
    const id = `${remote.origin}/users/dora/statuses/1`;
    const published = new Date(Date.now() - 60_000).toISOString();
    const dora = remote.addPerson('dora', { status: { type: 'ActorStatus', id, attributedTo: `${remote.origin}/users/dora`, content: 'on the train', published } });
    const { body } = await instance.request('GET', `/api/actors/${encodeURIComponent(dora.id)}/status`, { token: alice.token });
    expect(body.status).toMatchObject({ id, content: 'on the train', published, state: 'current' });
  });

  test('the instance actor signs fetches', async () => {
    expect((await instance.document('/actor')).body).toMatchObject({ type: 'Application', id: `${instance.origin}/actor` });
    const bob = remote.addPerson('bob');
    const handle = `bob@${new URL(remote.origin).host}`;
    expect((await get(`/api/actors/${encodeURIComponent(handle)}`)).status).toBe(404);
    const { status, body } = await instance.request('GET', `/api/actors/@${handle}`, { token: alice.token });
    expect(status).toBe(200);
    expect(body).toEqual({ id: bob.id, handle, name: 'bob', url: bob.id, icon: null, local: false, hasHistory: false, movedTo: null });
    expect(remote.fetches.map(({ headers }) => headers['signature'])).toEqual(remote.fetches.map(() => expect.stringContaining(`keyId="${instance.origin}/actor#main-key"`)));
    expect((await finger(`acct:${host}@${host}`)).body.links).toContainEqual(expect.objectContaining({ rel: 'self', href: `${instance.origin}/actor` }));
    expect((await instance.document('/actor/outbox')).body).toMatchObject({ type: 'OrderedCollection', totalItems: 0 });
    // Known now, to everybody, by handle and by address.
    expect((await get(`/api/actors/${encodeURIComponent(bob.id)}/status`)).body).toEqual({ actor: body, status: null });
  });
});
