import { eventually, Instance, type InstanceAccount, RemoteServer, type RemotePerson } from '@heliograph/testkit';

const CONTEXT = ['https://www.w3.org/ns/activitystreams', { sm: 'http://smithereen.software/ns#', ActorStatus: 'sm:ActorStatus' }];

/** Every refusal is a problem document that names what is wrong, and stores nothing; an honest neighbour passes beside each. */
describe('bad input', () => {
  let instance: Instance;
  let remote: RemoteServer;
  let alice: InstanceAccount;
  let bob: RemotePerson;
  let mallory: RemotePerson;
  let inbox: string;

  beforeAll(async () => {
    [instance, remote] = await Promise.all([Instance.start(), RemoteServer.start()]);
    alice = await instance.createAccount('alice');
    const statusHistory = `${remote.origin}/history`;
    bob = remote.addPerson('bob', { statusHistory });
    mallory = remote.addPerson('mallory', { statusHistory });
    inbox = `${alice.id}/inbox`;
  }, 120_000);
  afterAll(() => Promise.all([instance?.dispose(), remote?.stop()]), 60_000);

  let number = 0;
  const create = (person: RemotePerson, status: object = {}): { object: { id: string; [member: string]: unknown }; [member: string]: unknown } => {
    number += 1;
    const id = `${person.id}/statuses/${number}`;
    return {
      '@context': CONTEXT,
      type: 'Create',
      id: `${id}#create`,
      actor: person.id,
      object: { type: 'ActorStatus', id, attributedTo: person.id, content: `status ${number}`, published: new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString(), ...status },
    };
  };
  const stored = async (person: RemotePerson): Promise<string[]> =>
    ((await instance.request('GET', `/api/actors/${encodeURIComponent(person.id)}/history`)).body.items ?? []).map(({ id }: { id: string }) => id);

  /** Sends what is bad, then something good, and looks that only the good one was stored. */
  async function expectRefused(send: () => Promise<Response>, status: number, says: RegExp): Promise<void> {
    const response = await send();
    const problem = (await response.json()) as Record<string, unknown>;
    expect({ status: response.status, type: response.headers.get('content-type'), problem }).toEqual({
      status,
      type: 'application/problem+json',
      problem: expect.objectContaining({ type: expect.any(String), title: expect.any(String), status, detail: expect.stringMatching(says) }),
    });
    const good = create(bob);
    const before = await stored(bob);
    expect((await remote.deliver(bob, inbox, good)).status).toBe(202);
    await eventually(async () => expect(await stored(bob)).toContain(good.object.id));
    expect(await stored(bob)).toEqual([good.object.id, ...before]);
  }

  test('unsigned', () =>
    expectRefused(() => fetch(inbox, { method: 'POST', headers: { 'content-type': 'application/activity+json' }, body: JSON.stringify(create(bob)) }), 401, /no Signature/i));

  test('signed with another key than the one it names', () =>
    expectRefused(() => remote.deliver({ keyId: bob.keyId, privateKeyPem: mallory.privateKeyPem }, inbox, create(bob)), 401, /signature/i));

  test('a body altered after it was signed', async () => {
    const activity = create(bob);
    const other = Buffer.from(JSON.stringify({ ...activity, object: { ...activity.object, content: 'altered' } }));
    await expectRefused(async () => {
      const digest = (await import('@heliograph/http-signatures')).digestOf(Buffer.from(JSON.stringify(activity)));
      return remote.deliver(bob, inbox, other, { digest });
    }, 401, /digest|signature/i);
  });

  test("another's status", () =>
    expectRefused(() => remote.deliver(mallory, inbox, { ...create(bob), actor: bob.id }), 403, /signed by/));
  test("a Delete of another's status", async () => {
    const activity = create(bob);
    await remote.deliver(bob, inbox, activity);
    await eventually(async () => expect(await stored(bob)).toContain(activity.object.id));
    await expectRefused(
      () => remote.deliver(mallory, inbox, { '@context': CONTEXT, type: 'Delete', actor: mallory.id, object: { ...activity.object, attributedTo: bob.id } }),
      403,
      /belongs to/,
    );
    expect(await stored(bob)).toContain(activity.object.id);
  });

  test('too long', () => expectRefused(() => remote.deliver(bob, inbox, create(bob, { content: 'x'.repeat(2001) })), 422, /2,?000/));
  test('without published', () => expectRefused(() => remote.deliver(bob, inbox, create(bob, { published: undefined })), 422, /published/));
  test('published two days ahead', () =>
    expectRefused(() => remote.deliver(bob, inbox, create(bob, { published: new Date(Date.now() + 2 * 86_400_000).toISOString() })), 422, /24 hours/));
  test('not JSON', () => expectRefused(() => remote.deliver(bob, inbox, Buffer.from('{"type": "Create",')), 400, /JSON/));
  test('a JSON array', () => expectRefused(() => remote.deliver(bob, inbox, Buffer.from('[]')), 400, /object/));
  test('2 MB', () => expectRefused(() => remote.deliver(bob, inbox, Buffer.alloc(2_000_000, 32)), 413, /large|size|bytes/i));
  test('a key that cannot be fetched just now is 503 with Retry-After', async () => {
    const keyId = 'http://127.0.0.1:9/users/nobody#main-key';
    const response = await remote.deliver({ keyId, privateKeyPem: bob.privateKeyPem }, inbox, create(bob));
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('the Delete of somebody whose server has removed them already is believed, by the key we knew', async () => {
    const leaver = remote.addPerson('leaver', { statusHistory: `${remote.origin}/history` });
    const activity = create(leaver);
    expect((await remote.deliver(leaver, inbox, activity)).status).toBe(202);
    await eventually(async () => expect(await stored(leaver)).toEqual([activity.object.id]));
    remote.removePerson('leaver');
    // A stranger makes us look, and find nobody.
    await remote.deliver({ keyId: leaver.keyId, privateKeyPem: mallory.privateKeyPem }, inbox, create(leaver));
    expect((await remote.deliver(leaver, inbox, { '@context': CONTEXT, type: 'Delete', actor: leaver.id, object: leaver.id })).status).toBe(202);
    await eventually(async () => expect((await instance.request('GET', `/api/actors/${encodeURIComponent(leaver.id)}/status`)).status).toBe(404));
  });

  test.each([['an id that no index can hold', `/statuses/${'x'.repeat(1500)}`]])('%s', async (_what, path) => {
    await expectRefused(() => remote.deliver(bob, inbox, create(bob, { id: bob.id + path })), 422, /id of the status/);
  });

  describe('from clients', () => {
    const put = (body: unknown, token = alice.token) => instance.request('PUT', '/api/status', { token, body });
    test.each([
      ['no text', {}, 'content'],
      ['an empty text', { content: '  ' }, 'content'],
      ['101 characters', { content: '🌊'.repeat(101) }, 'content'],
      ['an end in the past', { content: 'x', endTime: '2020-01-01T00:00:00Z' }, 'endTime'],
      ['an end that is no time', { content: 'x', endTime: 'tomorrow' }, 'endTime'],
      ['a script as link', { content: 'x', attachment: { href: 'javascript:alert(1)' } }, 'attachment'],
      ['a negative duration', { content: 'x', expiresIn: -1 }, 'expiresIn'],
    ])('%s is 422 and names the field', async (_what, body, field) => {
      const before = (await instance.request('GET', '/api/actors/alice/history')).body;
      const { status, body: problem, headers } = await put(body);
      expect({ status, field: problem.field, type: headers.get('content-type') }).toEqual({ status: 422, field, type: 'application/problem+json' });
      expect((await instance.request('GET', '/api/actors/alice/history')).body).toEqual(before);
    });
    test('100 characters of several code points each pass', async () => {
      expect((await put({ content: '👩‍👩‍👧‍👦'.repeat(100) })).status).toBe(200);
    });
    test.each([
      ['no token', ''],
      ['a wrong one', 'not-a-token'],
    ])('%s is 401', async (_what, token) => {
      expect((await put({ content: 'x' }, token)).status).toBe(401);
    });
    test('broken JSON is 400', async () => {
      expect((await put('{')).body).toMatchObject({ status: 400, detail: expect.stringMatching(/JSON/) });
    });
    test.each(['/api/actors/nobody', '/api/actors/nobody@nowhere.example/status', '/users/nobody', '/users/alice/statuses/1', '/nothing'])('%s is 404', async (path) => {
      const { status, body } = await instance.document(path);
      expect({ status, problem: body.status }).toEqual({ status: 404, problem: 404 });
    });
  });
});
