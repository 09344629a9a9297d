import { eventually, Instance, type InstanceAccount, RemoteServer } from '@heliograph/testkit';

/** What a client of one server does: ActivityPub client to server, the REST API, and the stream. */
describe('clients', () => {
  let instance: Instance;
  let remote: RemoteServer;
  let alice: InstanceAccount;
  let quiet: InstanceAccount;
  beforeAll(async () => {
    [instance, remote] = await Promise.all([Instance.start(), RemoteServer.start()]);
    alice = await instance.createAccount('alice');
    quiet = await instance.createAccount('quiet', '--no-history');
  }, 120_000);
  afterAll(() => Promise.all([instance?.dispose(), remote?.stop()]), 60_000);

  const post = (account: InstanceAccount, body: object, headers: Record<string, string> = {}) =>
    instance.request('POST', `${account.id}/outbox`, { token: account.token, body, headers });
  const put = (account: InstanceAccount, body: object, headers: Record<string, string> = {}) => instance.request('PUT', '/api/status', { token: account.token, body, headers });
  const current = async (account: InstanceAccount) => (await instance.request('GET', `/api/actors/${account.name}/status`)).body.status;

  describe('the outbox', () => {
    test('Create answers 201 with Location and the activity, and readers see it at once', async () => {
      const object = { type: 'ActorStatus', content: 'reading', attachment: { type: 'Link', href: 'https://books.example/1', name: 'A book' } };
      const { status, headers, body } = await post(alice, { '@context': 'https://www.w3.org/ns/activitystreams', type: 'Create', object });
      expect(status).toBe(201);
      expect(headers.get('location')).toBe(body.id);
      expect(body).toMatchObject({ type: 'Create', actor: alice.id, to: [`${alice.id}/followers`], object: { ...object, attributedTo: alice.id } });
      const actor = (await instance.document(alice.id)).body;
      expect(actor.status).toEqual(body.object);
      expect((await instance.document(body.object.id)).body).toMatchObject(body.object);
      expect((await instance.document(body.id)).body).toEqual(body);
      expect((await instance.document(`${alice.id}/outbox?page=true`)).body.orderedItems[0]).toMatchObject({ type: 'Create', id: body.id });
    });

    test('a bare ActorStatus is wrapped', async () => {
      const { status, body } = await post(alice, { type: 'ActorStatus', content: 'bare', endTime: '2999-01-01T00:00:00.000Z' });
      expect(status).toBe(201);
      expect(body).toMatchObject({ type: 'Create', object: { content: 'bare', endTime: '2999-01-01T00:00:00Z' } });
    });

    test.each([
      ['its id', (status: { id: string }) => status.id],
      ['the status inlined', (status: { id: string }) => status],
    ])('Remove by %s clears it and keeps it in the history', async (_how, objectOf) => {
      const { object } = (await post(alice, { type: 'ActorStatus', content: 'to be removed' })).body;
      const { status, body, headers } = await post(alice, { type: 'Remove', object: objectOf(object) });
      expect(status).toBe(201);
      expect(headers.get('location')).toBe(body.id);
      expect(body).toMatchObject({ type: 'Remove', object: { id: object.id, type: 'ActorStatus', attributedTo: alice.id } });
      expect(await current(alice)).toBeNull();
      expect((await instance.document(alice.id)).body).not.toHaveProperty('status');
      expect((await instance.document(object.id)).status).toBe(200);
    });

    test('Delete erases it: 410 with a Tombstone', async () => {
      const { object } = (await post(alice, { type: 'ActorStatus', content: 'to be deleted' })).body;
      expect((await post(alice, { type: 'Delete', object: object.id })).status).toBe(201);
      const { status, body } = await instance.document(object.id);
      expect(status).toBe(410);
      expect(body).toMatchObject({ type: 'Tombstone', id: object.id, formerType: 'ActorStatus' });
      expect(JSON.stringify((await instance.document(`${alice.id}/statuses?page=true`)).body)).not.toContain('to be deleted');
    });

    test('Follow and Undo', async () => {
      const bob = remote.addPerson('bob');
      const followed = await post(alice, { type: 'Follow', object: bob.id });
      expect(followed.status).toBe(201);
      expect(followed.body).toMatchObject({ type: 'Follow', actor: alice.id, object: bob.id });
      const { activity } = await remote.waitFor(({ type }) => type === 'Follow');
      expect(activity).toEqual(followed.body);
      const undone = await post(alice, { type: 'Undo', object: followed.body.id });
      expect(undone.status).toBe(201);
      expect((await remote.waitFor(({ type }) => type === 'Undo')).activity).toEqual(undone.body);
    });

    test.each([
      ['no type', {}, 422, 'type'],
      ['a type that statuses do not have', { type: 'Like', object: 'https://x.example/' }, 422, 'type'],
      ['Update: a status cannot be changed', { type: 'Update', object: { type: 'ActorStatus', content: 'x' } }, 422, 'type'],
      ['Create of a note', { type: 'Create', object: { type: 'Note', content: 'x' } }, 422, 'object'],
      ['Create without text', { type: 'Create', object: { type: 'ActorStatus' } }, 422, 'object.content'],
      ['Delete of what is not there', { type: 'Delete', object: 'https://x.example/1' }, 422, 'object'],
      ["another's name", { type: 'ActorStatus', content: 'x', attributedTo: 'https://x.example/users/x' }, 403, 'attributedTo'],
    ])('%s is refused', async (_what, activity, status, field) => {
      expect((await post(alice, activity)).body).toMatchObject({ status, field });
    });

    test("another's outbox is refused", async () => {
      expect((await instance.request('POST', `${alice.id}/outbox`, { token: quiet.token, body: { type: 'ActorStatus', content: 'x' } })).status).toBe(403);
    });
  });

  describe('Idempotency-Key', () => {
    test('the same request again gives the same answer and no second status', async () => {
      const headers = { 'idempotency-key': 'once' };
      const first = await put(alice, { content: 'once', expiresIn: 600 }, headers);
      const again = await put(alice, { content: 'once', expiresIn: 600 }, headers);
      expect({ status: again.status, body: again.body }).toEqual({ status: 200, body: first.body });
      const { items } = (await instance.request('GET', '/api/actors/alice/history')).body;
      expect(items.filter(({ content }: { content: string }) => content === 'once')).toHaveLength(1);
    });
    test('at the same time, too', async () => {
      const answers = await Promise.all(Array.from({ length: 5 }, () => put(alice, { content: 'five at once' }, { 'idempotency-key': 'five' })));
      expect(new Set(answers.map(({ body }) => body.status.id)).size).toBe(1);
    });
    test('a repeated clear does not clear what came after it', async () => {
      await put(alice, { content: 'to be cleared once' });
      const clear = () => instance.request('DELETE', '/api/status', { token: alice.token, headers: { 'idempotency-key': 'clear' } });
      expect((await clear()).status).toBe(200);
      const { body } = await put(alice, { content: 'came after it' });
      expect((await clear()).status).toBe(200);
      expect(await current(alice)).toEqual(body.status);
    });
    test('Follow and Undo, repeated, give the answers they gave', async () => {
      const carol = remote.addPerson('carol');
      const follow = () => post(alice, { type: 'Follow', object: carol.id }, { 'idempotency-key': 'follow' });
      const first = await follow();
      const undo = () => post(alice, { type: 'Undo', object: first.body.id }, { 'idempotency-key': 'undo' });
      const undone = await undo();
      expect(undone.status).toBe(201);
      expect((await undo()).body).toEqual(undone.body);
      expect((await follow()).body).toEqual(first.body);
      expect((await instance.request('GET', '/api/following', { token: alice.token })).body.items.map(({ actor }: any) => actor.id)).not.toContain(carol.id);
    });
    test('for another request it is refused', async () => {
      await put(alice, { content: 'a' }, { 'idempotency-key': 'reused' });
      expect((await put(alice, { content: 'b' }, { 'idempotency-key': 'reused' })).body).toMatchObject({ status: 422, field: 'Idempotency-Key' });
    });
  });

  describe('without a history', () => {
    test('what is superseded, removed or expired is gone', async () => {
      const first = (await put(quiet, { content: 'first' })).body.status;
      expect((await instance.document(first.id)).status).toBe(200);
      const second = (await put(quiet, { content: 'second' })).body.status;
      expect((await instance.document(first.id)).status).toBe(410);
      await instance.request('DELETE', '/api/status', { token: quiet.token });
      expect((await instance.document(second.id)).status).toBe(410);
      const third = (await put(quiet, { content: 'third', expiresIn: 1 })).body.status;
      expect((await instance.document(third.id)).status).toBe(200);
      await eventually(async () => expect((await instance.document(third.id)).status).toBe(410));
      expect((await instance.document(quiet.id)).body).not.toHaveProperty('statusHistory');
      expect((await instance.document(`${quiet.id}/statuses`)).status).toBe(404);
      expect((await instance.request('GET', '/api/actors/quiet/history')).body).toEqual({ items: [], next: null });
    });
  });

  describe('history', () => {
    test('is paged, newest first, each once, in the API and as a collection', async () => {
      const writer = await instance.createAccount('writer');
      const ids: string[] = [];
      for (let n = 0; n < 7; n += 1) ids.unshift((await put(writer, { content: `number ${n}` })).body.status.id);
      const seen: string[] = [];
      for (let url: string | null = '/api/actors/writer/history?limit=3'; url; ) {
        const { body } = await instance.request('GET', url);
        seen.push(...body.items.map(({ id }: { id: string }) => id));
        url = body.next;
      }
      expect(seen).toEqual(ids);
      const collection = (await instance.document(`${writer.id}/statuses`)).body;
      expect(collection).toMatchObject({ type: 'OrderedCollection', totalItems: 7 });
      const listed: string[] = [];
      for (let url: string | undefined = `${collection.first}&limit=3`; url; ) {
        const { body } = await instance.document(url);
        expect(body).toMatchObject({ type: 'OrderedCollectionPage', partOf: collection.id });
        listed.push(...body.orderedItems.map((item: { id: string }) => item.id));
        url = body.next;
      }
      expect(listed).toEqual(ids);
      expect((await instance.request('GET', '/api/actors/writer/history?cursor=nonsense')).status).toBe(422);
      expect((await instance.request('GET', '/api/actors/writer/history?limit=0')).status).toBe(422);
    });
  });

  describe('the stream', () => {
    test('tells snapshot, published, cleared, deleted and expired, each once', async () => {
      const streamer = await instance.createAccount('streamer');
      await put(streamer, { content: 'before' });
      await using stream = await openStream(`${instance.origin}/api/stream?actor=streamer`);
      expect(await stream.next()).toEqual({ event: 'snapshot', data: { items: [{ actor: expect.objectContaining({ id: streamer.id }), status: expect.objectContaining({ content: 'before' }) }] } });
      const { body } = await put(streamer, { content: 'now' });
      expect(await stream.next()).toEqual({ event: 'published', data: { actor: expect.objectContaining({ id: streamer.id }), status: body.status } });
      await instance.request('DELETE', '/api/status', { token: streamer.token });
      expect(await stream.next()).toMatchObject({ event: 'cleared', data: { status: { id: body.status.id, state: 'removed' } } });
      const third = (await put(streamer, { content: 'again' })).body.status;
      expect(await stream.next()).toMatchObject({ event: 'published', data: { status: { id: third.id } } });
      await instance.request('DELETE', `/api/statuses/${third.id.split('/').at(-1)}`, { token: streamer.token });
      expect(await stream.next()).toMatchObject({ event: 'deleted', data: { status: { id: third.id } } });
      const fourth = (await put(streamer, { content: 'for a second', expiresIn: 1 })).body.status;
      expect(await stream.next()).toMatchObject({ event: 'published', data: { status: { id: fourth.id } } });
      expect(await stream.next()).toMatchObject({ event: 'expired', data: { status: { id: fourth.id, state: 'expired' } } });
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(fourth.endTime));
    });

    test('an account that is deleted is told', async () => {
      const leaver = await instance.createAccount('leaver');
      const { body } = await put(leaver, { content: 'here' });
      await using stream = await openStream(`${instance.origin}/api/stream?actor=leaver`);
      expect(await stream.next()).toMatchObject({ event: 'snapshot' });
      await instance.helio('account', 'delete', 'leaver');
      expect(await stream.next()).toMatchObject({ event: 'deleted', data: { status: { id: body.status.id } } });
    });

    test('a client that hangs up at once leaves nothing behind', async () => {
      const openStreams = async () => Number(/^heliograph_streams_open (\d+)$/m.exec((await instance.request('GET', '/metrics')).body)?.[1] ?? 0);
      await Promise.all(
        Array.from({ length: 100 }, async (_, i) => {
          const abort = new AbortController();
          setTimeout(() => abort.abort(), i % 10);
          await fetch(`${instance.origin}/api/stream?actor=alice`, { signal: abort.signal }).then((response) => response.body?.cancel(), () => undefined);
        }),
      );
      await eventually(async () => expect(await openStreams()).toBe(0));
    });

    test('home needs a token, and tells of those one follows, also those followed since', async () => {
      expect((await instance.request('GET', '/api/stream')).status).toBe(401);
      const reader = await instance.createAccount('reader');
      await using stream = await openStream(`${instance.origin}/api/stream`, reader.token);
      expect(await stream.next()).toEqual({ event: 'snapshot', data: { items: [] } });
      await instance.request('POST', '/api/following', { token: reader.token, body: { actor: 'alice' } });
      const { body } = await put(alice, { content: 'hello, reader' });
      expect(await stream.next()).toMatchObject({ event: 'published', data: { status: { id: body.status.id } } });
      await put(quiet, { content: 'not for the reader' });
      const next = (await put(alice, { content: 'hello again' })).body.status;
      expect(await stream.next()).toMatchObject({ event: 'published', data: { status: { id: next.id } } });
    });
  });

  test('OpenAPI describes every route of the API', async () => {
    const { body } = await instance.request('GET', '/api/openapi.json');
    expect(Object.keys(body.paths).sort()).toEqual([
      '/api/account',
      '/api/actors/{actor}',
      '/api/actors/{actor}/history',
      '/api/actors/{actor}/status',
      '/api/blocks',
      '/api/blocks/{actor}',
      '/api/follow-requests',
      '/api/follow-requests/{actor}/accept',
      '/api/follow-requests/{actor}/reject',
      '/api/followers',
      '/api/followers/{actor}',
      '/api/following',
      '/api/following/{actor}',
      '/api/home',
      '/api/status',
      '/api/statuses/{id}',
      '/api/stream',
    ]);
    expect((await instance.request('GET', '/api/docs')).status).toBe(200);
  });
});

interface Stream extends AsyncDisposable {
  next(): Promise<{ event: string; data: any }>;
}

/** Reads server-sent events one by one; comments are passed over. */
async function openStream(url: string, token?: string): Promise<Stream> {
  const abort = new AbortController();
  const response = await fetch(url, { signal: abort.signal, headers: token ? { authorization: `Bearer ${token}` } : {} });
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    async next() {
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end >= 0) {
          const block = text.slice(0, end);
          text = text.slice(end + 2);
          const event = /^event: (.*)$/m.exec(block)?.[1];
          if (event) return { event, data: JSON.parse(/^data: (.*)$/m.exec(block)![1]!) };
          continue;
        }
        const { done, value } = await reader.read();
        if (done) throw new Error('the stream ended');
        text += value;
      }
    },
    async [Symbol.asyncDispose]() {
      abort.abort();
      await reader.cancel().catch(() => undefined);
    },
  };
}
