import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { eventually, Instance, type InstanceAccount, loopbackHosts, RemoteServer } from '@heliograph/testkit';

interface Fixture {
  readonly about: string;
  readonly capture?: string;
  readonly member?: string | null;
  readonly activity?: unknown;
  readonly expected: { readonly kind: string; readonly object?: string; readonly status?: { readonly statusId: string; readonly content: { text: string } } };
}

const root = path.resolve(import.meta.dirname, '../libs/activitypub/src/fixtures');
const read = (...names: string[]): string => readFileSync(path.join(root, ...names), 'utf8');
const fixtures = readdirSync(path.join(root, 'activities')).map((file) => [file.replace('.json', ''), JSON.parse(read('activities', file)) as Fixture] as const);

/** What a running server answers to what the reader makes of it. */
const STATUS: Record<string, number> = { unreadable: 400, invalid: 422, 'not-yours': 403 };

/** Every shape that peers send, posted to a running server; each by a person of its own. */
describe('what peers send', () => {
  let instance: Instance;
  let remote: RemoteServer;
  let alice: InstanceAccount;
  beforeAll(async () => {
    [instance, remote] = await Promise.all([Instance.start(loopbackHosts()), RemoteServer.start()]);
    alice = await instance.createAccount('alice');
  }, 120_000);
  afterAll(() => Promise.all([instance?.dispose(), remote?.stop()]), 60_000);

  const history = async (actor: string): Promise<{ id: string; content: string }[]> =>
    (await instance.request('GET', `/api/actors/${encodeURIComponent(actor)}/history`)).body.items;

  let number = 0;
  test.each(fixtures.filter(([, { capture }]) => capture === undefined))('%s', async (_name, { activity, expected }) => {
    number += 1;
    const bob = remote.addPerson(`bob${number}`, { statusHistory: `${remote.origin}/history` });
    const here = (json: unknown): any => JSON.parse(JSON.stringify(json).replaceAll('https://remote.example/users/bob', bob.id).replaceAll('https://remote.example', remote.origin).replaceAll('https://heliograph.example/users/alice', alice.id));
    const posted = here(activity);
    const outcome = here(expected) as Fixture['expected'];
    const { status } = await remote.deliver(bob, `${alice.id}/inbox`, Buffer.from(JSON.stringify(posted)));
    expect(status).toBe(STATUS[outcome.kind] ?? 202);
    if (outcome.kind === 'create-status') {
      const { statusId, content } = outcome.status!;
      await eventually(async () => expect(await history(bob.id)).toContainEqual(expect.objectContaining({ id: statusId, content: content.text })));
    } else {
      // An honest neighbour passes, and is all there is.
      const id = `${bob.id}/statuses/neighbour`;
      const object = { type: 'ActorStatus', id, attributedTo: bob.id, content: 'a neighbour', published: new Date().toISOString() };
      const neighbour = await remote.deliver(bob, `${alice.id}/inbox`, { type: 'Create', actor: bob.id, object });
      if (outcome.kind === 'delete-actor') return expect([202, 401]).toContain(neighbour.status);
      expect(neighbour.status).toBe(202);
      const kept = outcome.kind !== 'update-actor';
      await eventually(async () => {
        const { body } = await instance.request('GET', `/api/actors/${encodeURIComponent(bob.id)}/status`);
        expect(body.status).toMatchObject({ id, content: 'a neighbour' });
        if (kept) expect((await history(bob.id)).map((status) => status.id)).toEqual([id]);
      });
    }
  });

  test('a Follow is answered by an Accept that inlines it', async () => {
    const carol = remote.addPerson('carol');
    const follow = { '@context': 'https://www.w3.org/ns/activitystreams', type: 'Follow', id: `${carol.id}/follows/1`, actor: carol.id, object: alice.id };
    expect((await remote.deliver(carol, `${alice.id}/inbox`, follow)).status).toBe(202);
    const { activity, headers } = await remote.waitFor(({ type, object }) => type === 'Accept' && (object as { id: string }).id === follow.id);
    const { '@context': _, ...inlined } = follow;
    expect(activity).toMatchObject({ actor: alice.id, object: inlined });
    expect(headers['signature']).toContain(`keyId="${alice.id}#main-key"`);
  });

  test('captures of Smithereen go in verbatim, signature aside', async () => {
    const smithereen = await RemoteServer.start(4567, 'smithereen.test');
    try {
      const person = smithereen.addPerson('1');
      const current = async () => (await instance.request('GET', `/api/actors/${encodeURIComponent(person.id)}/status`)).body.status;
      const post = (activity: unknown) => smithereen.deliver(person, `${alice.id}/inbox`, activity as object);
      const captured = (name: string) => JSON.parse(read('captures', name));
      const [newer, older] = [captured('smithereen-create-1.json').body, captured('smithereen-create-2.json').body];
      for (const body of [newer, older]) expect((await post(body)).status).toBe(202);
      await eventually(async () => expect(await current()).toMatchObject({ id: newer.object.id, content: newer.object.content }));
      // The captured clear names another status: nothing changes.
      expect((await post(captured('smithereen-clear.json'))).status).toBe(202);
      // The same clear of the current one.
      expect(await current()).toMatchObject({ id: newer.object.id });
      expect((await post({ ...captured('smithereen-clear.json'), object: newer.object.id })).status).toBe(202);
      await eventually(async () => expect(await current()).toBeNull());
    } finally {
      await smithereen.stop();
    }
  });
});
