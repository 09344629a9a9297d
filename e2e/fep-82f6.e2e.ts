import { eventually, Instance, type InstanceAccount, type RemotePerson, RemoteServer } from '@heliograph/testkit';

/**
 * FEP-82f6, sentence by sentence, on a running instance: `docs/fep-82f6.md` names these tests, by their numbers there. What is a matter of reading and
 * writing documents, or of any order of activities, is proven where that is done.
 */
const CONTEXT = [
  'https://www.w3.org/ns/activitystreams',
  {
    sm: 'http://smithereen.software/ns#',
    ActorStatus: 'sm:ActorStatus',
    status: { '@type': '@id', '@id': 'sm:status' },
    statusHistory: { '@type': '@id', '@id': 'sm:statusHistory' },
  },
];

let instance: Instance;
let remote: RemoteServer;
/** Keeps a history. */
let alice: InstanceAccount;
/** Keeps none. */
let dora: InstanceAccount;
/** A remote follower of both; keeps no history. */
let bob: RemotePerson;
/** Remote, keeps a history. */
let carol: RemotePerson;
let clock = Date.now() - 60_000;

beforeAll(async () => {
  [instance, remote] = await Promise.all([Instance.start(), RemoteServer.start()]);
  alice = await instance.createAccount('alice');
  dora = await instance.createAccount('dora', '--no-history');
  bob = remote.addPerson('bob');
  carol = remote.addPerson('carol', { statusHistory: `${remote.origin}/users/carol/history` });
  for (const followed of [alice, dora]) {
    const follow = { '@context': CONTEXT[0], type: 'Follow', id: `${bob.id}/follows/${followed.name}`, actor: bob.id, object: followed.id };
    expect((await remote.deliver(bob, `${instance.origin}/inbox`, follow)).status).toBe(202);
    await remote.waitFor(({ type, object }) => type === 'Accept' && (object as { object: unknown }).object === followed.id);
  }
}, 120_000);
afterAll(() => Promise.all([instance?.dispose(), remote?.stop()]));

const set = async (who: InstanceAccount, body: object): Promise<any> => {
  const answer = await instance.request('PUT', '/api/status', { token: who.token, body });
  expect(answer.status).toBe(200);
  return answer.body.status;
};
const clear = (who: InstanceAccount) => instance.request('DELETE', '/api/status', { token: who.token });
const erase = (who: InstanceAccount, { id }: { id: string }) => instance.request('DELETE', `/api/statuses/${id.split('/').at(-1)}`, { token: who.token });
const documentOf = async (who: { id: string }): Promise<any> => (await instance.document(who.id)).body;
const historyOf = async ({ id }: { id: string }): Promise<any[]> => (await instance.request('GET', `/api/actors/${encodeURIComponent(id)}/history`)).body.items;
const currentOf = async ({ id }: { id: string }): Promise<any> => (await instance.request('GET', `/api/actors/${encodeURIComponent(id)}/status`)).body.status;
const page = async (path: string): Promise<string> => (await instance.request('GET', path, { accept: 'text/html' })).body;

/** A status of a remote person, later than all before. */
const statusOf = (who: RemotePerson, extra: object = {}) => {
  clock += 1_000;
  return { type: 'ActorStatus', id: `${who.id}/statuses/${clock}`, attributedTo: who.id, content: `status ${clock}`, published: new Date(clock).toISOString(), ...extra };
};
const activity = (type: string, who: RemotePerson, object: object) => ({ '@context': CONTEXT, type, id: `${who.id}#${type}/${(clock += 1)}`, actor: who.id, to: [`${who.id}/followers`], object });
const deliver = (who: RemotePerson, type: string, object: object) => remote.deliver(who, `${instance.origin}/inbox`, activity(type, who, object));
const sent = async (who: RemotePerson, type: string, object: object): Promise<void> => expect((await deliver(who, type, object)).status).toBe(202);
/** What the follower got about a status, in order. */
const toldOf = (status: { id: string }) => remote.received.filter(({ activity: { object } }) => (object as { id?: string }).id === status.id).map(({ activity: { type } }) => type);
const shown = (who: { id: string }, status: { id: string }) => eventually(async () => expect(await currentOf(who)).toMatchObject({ id: status.id }));
const nothing = (who: { id: string }) => eventually(async () => expect(await currentOf(who)).toBeNull());

describe('the object', () => {
  test('1-5: ActorStatus, with id, attributedTo, content and published', async () => {
    const { id } = await set(alice, { content: 'is <b>bold</b> & plain' });
    const { body } = await instance.document(id);
    expect(body).toMatchObject({ type: 'ActorStatus', id, attributedTo: alice.id, content: 'is <b>bold</b> & plain', published: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) });
    expect(await page('/@alice')).toContain('is &lt;b&gt;bold&lt;/b&gt; &amp; plain');
  });

  test.each(['id', 'attributedTo', 'content', 'published'])('1-5: one without %s is refused, and nothing changes', async (field) => {
    const good = statusOf(bob);
    await sent(bob, 'Create', good);
    await shown(bob, good);
    const refused = await deliver(bob, 'Create', { ...statusOf(bob), [field]: undefined });
    expect([403, 422]).toContain(refused.status);
    expect(await refused.text()).toContain(field);
    expect(await currentOf(bob)).toMatchObject({ id: good.id });
  });

  test('6: at its endTime it is gone from every place', async () => {
    const places = async (): Promise<string> =>
      JSON.stringify([await documentOf(alice), await currentOf(alice), await currentOf(bob), (await instance.request('GET', '/api/home', { token: alice.token })).body, await page('/@alice')]);
    await instance.request('POST', '/api/following', { token: alice.token, body: { actor: bob.id } });
    const ending = await set(alice, { content: 'ends in a moment', expiresIn: 3 });
    const theirs = statusOf(bob, { content: 'theirs ends in a moment', endTime: ending.endTime });
    await sent(bob, 'Create', theirs);
    await shown(bob, theirs);
    if (Date.now() < Date.parse(ending.endTime) - 500) expect(await places()).toContain('ends in a moment');
    await eventually(() => expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(ending.endTime)));
    expect(await currentOf(alice)).toBeNull();
    expect(await currentOf(bob)).toBeNull();
    expect((await documentOf(alice)).status).toBeUndefined();
    expect(await places()).not.toContain('ends in a moment');
  });

  test('7: an attachment goes with a text that stands for it', async () => {
    const attachment = { href: 'https://music.example/track/7', name: 'Artist — Title' };
    const { id } = await set(alice, { content: 'Artist — Title', attachment });
    expect((await instance.document(id)).body).toMatchObject({ content: 'Artist — Title', attachment: expect.objectContaining(attachment) });
    const without = await instance.request('PUT', '/api/status', { token: alice.token, body: { content: '', attachment } });
    expect(without).toMatchObject({ status: 422, body: { field: 'content' } });
    const theirs = statusOf(bob, { content: 'Theirs — Title', attachment: { type: 'Audio', name: 'a song', url: 'https://music.example/9' } });
    await sent(bob, 'Create', theirs);
    await shown(bob, theirs);
    expect(await currentOf(bob)).toMatchObject({ content: 'Theirs — Title' });
  });
});

describe('the actor', () => {
  test('8: `status` inlines the current status, and is not there once it has expired or been cleared', async () => {
    const { id, content } = await set(alice, { content: 'inlined' });
    expect((await documentOf(alice)).status).toMatchObject({ type: 'ActorStatus', id, content, attributedTo: alice.id });
    await set(alice, { content: 'short', expiresIn: 1 });
    await eventually(async () => expect(await documentOf(alice)).not.toHaveProperty('status'));
    await set(alice, { content: 'to be cleared' });
    expect(await documentOf(alice)).toHaveProperty('status');
    await clear(alice);
    expect(await documentOf(alice)).not.toHaveProperty('status');
  });

  test('9: with `statusHistory` the past can be seen; without, it is neither kept nor shown', async () => {
    for (const who of [alice, dora]) {
      await set(who, { content: 'the first of two' });
      await set(who, { content: 'the second of two' });
    }
    const kept = (await documentOf(alice)).statusHistory as string;
    expect((await instance.document(`${kept}?page=true`)).status).toBe(200);
    expect((await historyOf(alice)).map(({ content }) => content)).toEqual(expect.arrayContaining(['the first of two', 'the second of two']));
    expect(await documentOf(dora)).not.toHaveProperty('statusHistory');
    expect(await historyOf(dora)).toEqual([]);
    expect(await page('/@alice')).toContain('the first of two');
    expect(await page('/@dora')).not.toContain('the first of two');
    const [old, replacing] = [statusOf(bob), statusOf(bob)];
    await sent(bob, 'Create', old);
    await sent(bob, 'Create', replacing);
    await shown(bob, replacing);
    expect(await historyOf(bob)).toEqual([]);
  });
});

describe('setting', () => {
  test('10, 12, 13: Create goes to followers, the document has it before, and no Update is sent', async () => {
    const status = await set(alice, { content: 'told to followers' });
    expect((await documentOf(alice)).status.id).toBe(status.id);
    const { activity: create } = await remote.waitFor(({ type, object }) => type === 'Create' && (object as { id: string }).id === status.id);
    expect(create).toMatchObject({ '@context': CONTEXT, type: 'Create', actor: alice.id, to: [`${alice.id}/followers`], object: { type: 'ActorStatus', id: status.id, content: 'told to followers' } });
    const next = await set(alice, { content: 'and the next' });
    await remote.waitFor(({ object }) => (object as { id: string }).id === next.id);
    expect(toldOf(status)).toEqual(['Create']);
    expect(remote.received.map(({ activity: { type } }) => type)).not.toContain('Update');
  });

  test('11: a Create that arrives is the latest status, and joins the history of who keeps one', async () => {
    const [first, second] = [statusOf(carol), statusOf(carol)];
    await sent(carol, 'Create', first);
    await shown(carol, first);
    await sent(carol, 'Create', second);
    await shown(carol, second);
    expect((await historyOf(carol)).map(({ id }) => id)).toEqual([second.id, first.id]);
  });

  test('14: without `statusHistory` the previous status no longer exists', async () => {
    const old = await set(dora, { content: 'soon gone' });
    expect((await instance.document(old.id)).status).toBe(200);
    await set(dora, { content: 'in its place' });
    expect(await instance.document(old.id)).toMatchObject({ status: 410, body: { type: 'Tombstone', id: old.id } });
  });
});

describe('clearing', () => {
  test('15, 18: Remove goes to followers, the document has lost the status before, and no Update is sent', async () => {
    const status = await set(alice, { content: 'to be removed' });
    expect((await clear(alice)).status).toBe(200);
    expect(await documentOf(alice)).not.toHaveProperty('status');
    await eventually(() => expect(toldOf(status)).toEqual(['Create', 'Remove']));
    expect(remote.received.find(({ activity: { type } }) => type === 'Remove')!.activity).toMatchObject({ actor: alice.id, object: { type: 'ActorStatus', id: expect.any(String), attributedTo: alice.id } });
    expect(remote.received.map(({ activity: { type } }) => type)).not.toContain('Update');
  });

  test('16, 17: a Remove clears the status it names and no other; a history keeps it', async () => {
    const [first, second] = [statusOf(carol), statusOf(carol)];
    await sent(carol, 'Create', first);
    await sent(carol, 'Create', second);
    await shown(carol, second);
    await sent(carol, 'Remove', first);
    await eventually(async () => expect(await historyOf(carol)).toEqual(expect.arrayContaining([expect.objectContaining({ id: first.id, state: 'removed' })])));
    expect(await currentOf(carol)).toMatchObject({ id: second.id });
    await sent(carol, 'Remove', second);
    await nothing(carol);
    expect((await historyOf(carol)).slice(0, 2)).toEqual([expect.objectContaining({ id: second.id, state: 'removed' }), expect.objectContaining({ id: first.id, state: 'removed' })]);
    expect((await clear(alice)).status).toBe(200);
  });
});

describe('deleting', () => {
  test('19: Delete goes to followers', async () => {
    const status = await set(alice, { content: 'to be deleted' });
    expect((await erase(alice, status)).status).toBe(204);
    await eventually(() => expect(toldOf(status)).toEqual(['Create', 'Delete']));
    expect((await instance.document(status.id)).status).toBe(410);
    expect((await historyOf(alice)).map(({ id }) => id)).not.toContain(status.id);
  });

  test('20: a Delete takes it from the profile and from the history', async () => {
    const [kept, deleted] = [statusOf(carol), statusOf(carol)];
    await sent(carol, 'Create', kept);
    await sent(carol, 'Create', deleted);
    await shown(carol, deleted);
    await sent(carol, 'Delete', deleted);
    await nothing(carol);
    const ids = (await historyOf(carol)).map(({ id }) => id);
    expect(ids).toContain(kept.id);
    expect(ids).not.toContain(deleted.id);
  });

  test('21: without a history it does what Remove does', async () => {
    for (const type of ['Remove', 'Delete']) {
      const status = statusOf(bob);
      await sent(bob, 'Create', status);
      await shown(bob, status);
      await sent(bob, type, status);
      await nothing(bob);
      expect(await historyOf(bob)).toEqual([]);
    }
  });
});

describe('interactions', () => {
  test.each(['Like', 'Announce', 'EmojiReact', 'Undo', 'Flag', 'Add', 'Update', 'Create', 'Remove', 'Delete'])('22, 23: %s of a status that is not theirs has no effect, and is answered with 2xx or 4xx', async (type) => {
    const status = await set(alice, { content: 'not yours' });
    const inlined = { type: 'ActorStatus', id: status.id, attributedTo: alice.id, content: 'defaced', published: status.published };
    for (const object of [inlined, { ...inlined, attributedTo: bob.id }]) {
      const answer = await deliver(bob, type, object);
      expect(answer.status >= 200 && answer.status < 500).toBe(true);
    }
    // A status that does count, sent after it: when that shows, the one before has had its chance.
    const marker = statusOf(bob);
    await sent(bob, 'Create', marker);
    await shown(bob, marker);
    expect(await currentOf(alice)).toMatchObject({ id: status.id, content: 'not yours' });
  });

  test("22: statuses of others are nothing a client can send about", async () => {
    const theirs = statusOf(bob);
    await sent(bob, 'Create', theirs);
    for (const type of ['Remove', 'Delete', 'Like']) {
      const answer = await instance.request('POST', `${alice.id}/outbox`, { token: alice.token, body: { type, object: theirs.id }, headers: { 'content-type': 'application/activity+json' } });
      expect(answer.status >= 400 && answer.status < 500).toBe(true);
    }
    await shown(bob, theirs);
  });

  test('24: an Update of a status changes nothing, here or there', async () => {
    const status = statusOf(bob, { content: 'as it was' });
    await sent(bob, 'Create', status);
    await shown(bob, status);
    expect((await deliver(bob, 'Update', { ...status, content: 'as it never was' })).status).toBe(202);
    const later = statusOf(carol);
    await sent(carol, 'Create', later);
    await shown(carol, later);
    expect(await currentOf(bob)).toMatchObject({ content: 'as it was' });
    const mine = await set(alice, { content: 'mine, as it was' });
    const answer = await instance.request('POST', `${alice.id}/outbox`, {
      token: alice.token,
      body: { type: 'Update', object: { type: 'ActorStatus', id: mine.id, content: 'changed' } },
      headers: { 'content-type': 'application/activity+json' },
    });
    expect(answer.status >= 400 && answer.status < 500).toBe(true);
    expect(await currentOf(alice)).toMatchObject({ content: 'mine, as it was' });
  });
});

describe('form', () => {
  test('25: documents and activities declare the context', async () => {
    const { id } = await set(alice, { content: 'in context' });
    const terms = (document: { '@context': unknown[] }) => Object.assign({}, ...document['@context'].filter((one) => typeof one === 'object'));
    expect(terms((await instance.document(id)).body)).toMatchObject({ sm: 'http://smithereen.software/ns#', ActorStatus: 'sm:ActorStatus' });
    expect(terms(await documentOf(alice))).toMatchObject(CONTEXT[1] as object);
  });

  test.each([
    ['letters', 'x'.repeat(100)],
    ['emoji of several code points', '👩‍👩‍👧‍👦'.repeat(100)],
    ['letters with marks', 'ä\u0323'.normalize('NFD').repeat(100)],
  ])('26, 28: 100 %s go out and come in whole, and local people have no more', async (_what, content) => {
    const { id } = await set(alice, { content });
    expect((await instance.document(id)).body.content).toBe(content);
    const theirs = statusOf(bob, { content });
    await sent(bob, 'Create', theirs);
    await shown(bob, theirs);
    expect((await currentOf(bob)).content).toBe(content);
    expect(await instance.request('PUT', '/api/status', { token: alice.token, body: { content: `${content}x` } })).toMatchObject({ status: 422, body: { field: 'content' } });
  });

  test('27: longer ones of other servers are taken', async () => {
    const theirs = statusOf(bob, { content: 'x'.repeat(500) });
    await sent(bob, 'Create', theirs);
    await shown(bob, theirs);
    expect((await currentOf(bob)).content).toHaveLength(500);
  });

  test('29: whoever can see the actor can see the status, without an account', async () => {
    const status = await set(alice, { content: 'for everybody' });
    expect((await documentOf(alice)).status.content).toBe('for everybody');
    expect((await instance.document(status.id)).status).toBe(200);
    expect(await page('/@alice')).toContain('for everybody');
    expect(await currentOf(alice)).toMatchObject({ content: 'for everybody' });
  });
});
