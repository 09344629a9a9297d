import { eventually, Instance, type InstanceAccount, type RemotePerson, RemoteServer } from '@heliograph/testkit';

const AS2 = 'https://www.w3.org/ns/activitystreams';

/** Locked accounts, blocks and moves, as other servers and people here see them. */
describe('relations', () => {
  let instance: Instance;
  let remote: RemoteServer;
  let alice: InstanceAccount;
  let bob: InstanceAccount;

  beforeAll(async () => {
    [instance, remote] = await Promise.all([Instance.start(), RemoteServer.start()]);
    [alice, bob] = await Promise.all([instance.createAccount('alice'), instance.createAccount('bob')]);
  }, 120_000);
  afterAll(() => Promise.all([instance?.dispose(), remote?.stop()]), 60_000);

  const api = (method: string, path: string, { token }: { token: string } = alice, body?: object) => instance.request(method, `/api/${path}`, { token, ...(body && { body }) });
  const outbox = (account: InstanceAccount, body: object) => instance.request('POST', `/users/${account.name}/outbox`, { token: account.token, body });
  const iri = encodeURIComponent;
  const ids = async (path: string, account = alice): Promise<string[]> => (await api('GET', path, account)).body.items.map((item: any) => (item.actor ?? item).id);
  const tell = async (person: RemotePerson, activity: object): Promise<void> => {
    const { status, statusText } = await remote.deliver(person, `${instance.origin}/inbox`, { '@context': AS2, actor: person.id, ...activity });
    expect(`${status} ${statusText}`).toBe('202 Accepted');
  };
  const followId = (person: RemotePerson, n = 1): string => `${person.id}#follows/${n}`;
  const followBy = (person: RemotePerson, n = 1, object = alice.id) => tell(person, { type: 'Follow', id: followId(person, n), object });
  const got = (type: string, person: RemotePerson) => remote.waitFor((activity) => activity['type'] === type && [activity['to']].flat().includes(person.id));
  const gotNone = (type: string, person: RemotePerson) => expect(remote.received.filter(({ activity }) => activity['type'] === type && [activity['to']].flat().includes(person.id))).toEqual([]);
  const followed = async (person: RemotePerson, account = alice): Promise<void> => {
    expect((await api('POST', 'following', account, { actor: person.id })).status).toBe(201);
    const { activity } = await remote.waitFor(({ type, actor, object }) => type === 'Follow' && actor === account.id && object === person.id);
    await tell(person, { type: 'Accept', id: `${person.id}#accept`, object: activity });
    await eventually(async () => expect((await api('GET', 'following', account)).body.items).toContainEqual({ actor: expect.objectContaining({ id: person.id }), state: 'accepted' }));
  };

  describe('a locked account', () => {
    beforeAll(async () => {
      expect((await api('PATCH', 'account', alice, { locked: true })).body).toMatchObject({ actor: { id: alice.id }, locked: true });
    });
    afterAll(() => api('PATCH', 'account', alice, { locked: false }));

    test('says so', async () => {
      expect((await instance.document(alice.id)).body.manuallyApprovesFollowers).toBe(true);
      expect((await api('GET', 'account')).body.locked).toBe(true);
      expect(await api('PATCH', 'account', alice, { locked: 'yes' })).toMatchObject({ status: 422, body: { field: 'locked' } });
    });

    test('lets nobody in before its owner does, and tells who was let in', async () => {
      const person = remote.addPerson('patient');
      await followBy(person);
      await eventually(async () => expect(await ids('follow-requests')).toEqual([person.id]));
      expect(await ids('followers')).toEqual([]);
      gotNone('Accept', person);
      await api('PUT', 'status', alice, { content: 'for those who are let in' });
      expect((await api('POST', `follow-requests/${iri(person.id)}/accept`)).status).toBe(204);
      expect((await got('Accept', person)).activity).toMatchObject({ actor: alice.id, object: { type: 'Follow', id: followId(person), actor: person.id, object: alice.id } });
      await remote.waitFor(({ type, actor, object }) => type === 'Create' && actor === alice.id && (object as { content: string }).content === 'for those who are let in');
      expect([await ids('followers'), await ids('follow-requests')]).toEqual([[person.id], []]);
      expect((await api('POST', `follow-requests/${iri(person.id)}/accept`)).status).toBe(404);
    });

    test('keeps out whom its owner does not want, for good as far as that Follow goes', async () => {
      const person = remote.addPerson('unwanted');
      await followBy(person);
      await eventually(async () => expect(await ids('follow-requests')).toEqual([person.id]));
      expect((await api('POST', `follow-requests/${iri(person.id)}/reject`)).status).toBe(204);
      expect((await got('Reject', person)).activity).toMatchObject({ object: { type: 'Follow', id: followId(person), actor: person.id } });
      // The same Follow again, and then another one, which waits.
      await followBy(person);
      await followBy(person, 2);
      await eventually(async () => expect(await ids('follow-requests')).toEqual([person.id]));
      await tell(person, { type: 'Undo', id: `${followId(person, 2)}/undo`, object: { type: 'Follow', id: followId(person, 2), actor: person.id, object: alice.id } });
      await eventually(async () => expect(await ids('follow-requests')).toEqual([]));
    });

    test('throws a follower out later', async () => {
      const person = remote.addPerson('former');
      await followBy(person);
      await eventually(async () => expect(await ids('follow-requests')).toEqual([person.id]));
      await api('POST', `follow-requests/${iri(person.id)}/accept`);
      await got('Accept', person);
      expect((await api('DELETE', `followers/${iri(person.id)}`)).status).toBe(204);
      await got('Reject', person);
      expect(await ids('followers')).not.toContain(person.id);
      expect((await api('DELETE', `followers/${iri(person.id)}`)).status).toBe(404);
    });

    test('answers by its outbox, too', async () => {
      const person = remote.addPerson('client');
      await followBy(person);
      await eventually(async () => expect(await ids('follow-requests')).toEqual([person.id]));
      const accepted = await outbox(alice, { type: 'Accept', object: followId(person) });
      expect(accepted).toMatchObject({ status: 201, body: { type: 'Accept', to: [person.id], object: { id: followId(person) } } });
      expect((await got('Accept', person)).activity['id']).toBe(accepted.headers.get('location'));
      expect(await ids('followers')).toContain(person.id);
      const rejected = await outbox(alice, { type: 'Reject', object: { type: 'Follow', actor: person.id, object: alice.id } });
      expect(rejected).toMatchObject({ status: 201, body: { type: 'Reject', object: { id: followId(person) } } });
      expect((await got('Reject', person)).activity['id']).toBe(rejected.body.id);
      expect(await outbox(alice, { type: 'Accept', object: followId(person) })).toMatchObject({ status: 422, body: { field: 'object' } });
    });

    test('is asked by people of this server, too', async () => {
      const state = async () => (await api('GET', 'following', bob)).body.items.find((item: any) => item.actor.id === alice.id)?.state;
      expect(await api('POST', 'following', bob, { actor: 'alice' })).toMatchObject({ status: 201, body: { state: 'requested' } });
      expect(await ids('follow-requests')).toEqual([bob.id]);
      expect((await api('POST', 'follow-requests/bob/accept')).status).toBe(204);
      expect([await state(), (await ids('followers')).includes(bob.id)]).toEqual(['accepted', true]);
      expect((await api('DELETE', 'followers/bob')).status).toBe(204);
      await eventually(async () => expect(await state()).toBe('rejected'));
      expect(await api('POST', 'following', bob, { actor: 'alice' })).toMatchObject({ status: 201, body: { state: 'requested' } });
      expect((await api('DELETE', 'following/alice', bob)).status).toBe(204);
      expect(await ids('follow-requests')).toEqual([]);
    });
  });

  describe('a block', () => {
    const status = (account: InstanceAccount, of: string) => api('GET', `actors/${iri(of)}/status`, account);

    test('ends the follows of both sides, tells the other server, hides, and keeps out until it ends', async () => {
      const eve = remote.addPerson('eve');
      eve.document['status'] = { type: 'ActorStatus', id: `${eve.id}/statuses/1`, attributedTo: eve.id, content: 'is here', published: '2026-01-05T12:00:00Z' };
      await followed(eve);
      await followBy(eve);
      await got('Accept', eve);
      await eventually(async () => expect((await status(alice, eve.id)).body.status?.content).toBe('is here'));

      expect(await api('POST', 'blocks', alice, { actor: eve.id })).toMatchObject({ status: 201, body: { id: eve.id } });
      expect((await got('Block', eve)).activity).toMatchObject({ actor: alice.id, object: eve.id });
      expect((await got('Reject', eve)).activity).toMatchObject({ object: { id: followId(eve) } });
      expect((await got('Undo', eve)).activity).toMatchObject({ object: { type: 'Follow', object: eve.id } });
      expect([await ids('followers'), await ids('following'), await ids('blocks')]).toEqual([expect.not.arrayContaining([eve.id]), expect.not.arrayContaining([eve.id]), [eve.id]]);
      expect(await status(alice, eve.id)).toMatchObject({ status: 403, body: { type: '/problems#blocked', detail: expect.stringContaining('You have blocked eve@') } });
      expect((await api('GET', `actors/${iri(eve.id)}/history`)).status).toBe(403);
      expect((await api('GET', `stream?actor=${iri(eve.id)}`)).status).toBe(403);
      expect((await status(bob, eve.id)).body.status?.content).toBe('is here');
      expect((await api('POST', 'following', alice, { actor: eve.id })).status).toBe(403);

      // A new Follow is refused, and brings no deliveries.
      remote.received.length = 0;
      await followBy(eve, 2);
      expect((await got('Reject', eve)).activity).toMatchObject({ object: { id: followId(eve, 2) } });
      const neighbour = remote.addPerson('neighbour');
      neighbour.document['endpoints'] = {};
      eve.document['endpoints'] = {};
      await followBy(neighbour);
      await got('Accept', neighbour);
      await api('PUT', 'status', alice, { content: 'not for eve' });
      await remote.waitFor(({ type, object }) => type === 'Create' && (object as { content: string }).content === 'not for eve');
      expect(remote.received.filter(({ path, activity }) => activity['type'] === 'Create' && path === new URL(eve.inbox).pathname)).toEqual([]);

      expect((await api('DELETE', `blocks/${iri(eve.id)}`)).status).toBe(204);
      expect((await remote.waitFor(({ type, object }) => type === 'Undo' && (object as { type: string }).type === 'Block')).activity).toMatchObject({ object: { object: eve.id } });
      expect((await status(alice, eve.id)).body.status?.content).toBe('is here');
      expect((await api('DELETE', `blocks/${iri(eve.id)}`)).status).toBe(404);
      // The Follow that was refused stays so; another one is welcome.
      await followBy(eve, 2);
      await followBy(eve, 3);
      expect((await got('Accept', eve)).activity).toMatchObject({ object: { id: followId(eve, 3) } });
      expect(remote.received.filter(({ activity }) => activity['type'] === 'Accept' && [activity['to']].flat().includes(eve.id))).toHaveLength(1);
    });

    test('by somebody elsewhere ends the follows, and hides, until it is taken back', async () => {
      const mallory = remote.addPerson('mallory');
      await followed(mallory);
      await followBy(mallory);
      await got('Accept', mallory);
      const block = { type: 'Block', id: `${mallory.id}#blocks/1`, object: alice.id };
      await tell(mallory, block);
      await eventually(async () => expect((await status(alice, mallory.id)).status).toBe(403));
      expect((await ids('following')).concat(await ids('followers'))).not.toContain(mallory.id);
      expect(await api('POST', 'following', alice, { actor: mallory.id })).toMatchObject({ status: 403, body: { type: '/problems#blocked', field: 'actor' } });
      expect((await status(bob, mallory.id)).status).toBe(200);
      await tell(mallory, { type: 'Undo', id: `${mallory.id}#blocks/1/undo`, object: { ...block, actor: mallory.id } });
      await eventually(async () => expect((await status(alice, mallory.id)).status).toBe(200));
      // It was taken back for good: the Block that is late changes nothing, and a new one does.
      await tell(mallory, block);
      await tell(mallory, { ...block, id: `${mallory.id}#blocks/2` });
      await eventually(async () => expect((await status(alice, mallory.id)).status).toBe(403));
      await tell(mallory, { type: 'Undo', id: `${mallory.id}#blocks/2/undo`, object: `${mallory.id}#blocks/2` });
      await eventually(async () => expect((await status(alice, mallory.id)).status).toBe(200));
    });

    test('of a neighbour works the same, and by the outbox', async () => {
      for (const [follower, name] of [[alice, 'bob'], [bob, 'alice']] as const) expect((await api('POST', 'following', follower, { actor: name })).status).toBe(201);
      const { status: code, body } = await outbox(alice, { type: 'Block', object: bob.id });
      expect([code, body.type, body.object]).toEqual([201, 'Block', bob.id]);
      await eventually(async () => {
        for (const account of [alice, bob]) expect((await ids('following', account)).concat(await ids('followers', account))).not.toEqual(expect.arrayContaining([account === alice ? bob.id : alice.id]));
      });
      expect([(await status(alice, 'bob')).status, (await status(bob, 'alice')).status]).toEqual([403, 403]);
      expect((await instance.request('GET', '/api/actors/alice/status')).status).toBe(200);
      expect((await api('POST', 'following', bob, { actor: 'alice' })).status).toBe(403);
      expect(await outbox(alice, { type: 'Undo', object: body.id })).toMatchObject({ status: 201, body: { type: 'Undo', object: { type: 'Block', object: bob.id } } });
      await eventually(async () => expect((await status(bob, 'alice')).status).toBe(200));
      expect(await outbox(alice, { type: 'Undo', object: { type: 'Block', object: bob.id } })).toMatchObject({ status: 422, body: { field: 'object' } });
      expect((await api('POST', 'blocks', alice, { actor: 'alice' })).status).toBe(422);
    });
  });

  describe('a move', () => {
    const move = (from: RemotePerson, to: RemotePerson) => remote.deliver(from, `${instance.origin}/inbox`, { '@context': AS2, type: 'Move', id: `${from.id}#move`, actor: from.id, object: from.id, target: to.id });

    test('that both sides tell of carries follows and blocks over, and the old one is marked', async () => {
      const [old, moved] = [remote.addPerson('old'), remote.addPerson('moved')];
      await followed(old);
      await api('POST', 'blocks', bob, { actor: old.id });
      old.document['movedTo'] = moved.id;
      moved.document['alsoKnownAs'] = [old.id];
      expect((await move(old, moved)).status).toBe(202);
      await remote.waitFor(({ type, actor, object }) => type === 'Follow' && actor === alice.id && object === moved.id);
      await remote.waitFor(({ type, actor, object }) => type === 'Undo' && actor === alice.id && (object as { object: string }).object === old.id);
      await remote.waitFor(({ type, actor, object }) => type === 'Block' && actor === bob.id && object === moved.id);
      expect(await ids('following')).toContain(moved.id);
      expect(await ids('following')).not.toContain(old.id);
      expect((await ids('blocks', bob)).sort()).toEqual([moved.id, old.id].sort());
      expect((await api('GET', `actors/${iri(old.id)}`)).body.movedTo).toBe(moved.id);
      expect((await api('GET', `actors/${iri(moved.id)}`)).body.movedTo).toBeNull();
    });

    test.each([
      ['that the new one does not tell of', (_: RemotePerson, __: RemotePerson) => undefined, 422],
      ['that the old one says went elsewhere', (old: RemotePerson) => void (old.document['movedTo'] = `${old.id}2`), 422],
      ['that the old one does not tell of yet', (old: RemotePerson) => void delete old.document['movedTo'], 503],
    ] as const)('%s is refused', async (_name, change, expected) => {
      const [old, moved] = [remote.addPerson(`old${expected}${_name.length}`), remote.addPerson(`moved${expected}${_name.length}`)];
      await followed(old);
      old.document['movedTo'] = moved.id;
      if (!_name.includes('new one')) moved.document['alsoKnownAs'] = [old.id];
      change(old, moved);
      const answer = await move(old, moved);
      expect(answer.status).toBe(expected);
      expect(await ids('following')).toContain(old.id);
      gotNone('Follow', moved);
    });

    test('of one whom nobody here knows costs nobody a fetch', async () => {
      const [old, moved] = [remote.addPerson('stranger'), remote.addPerson('stranger2')];
      expect((await move(old, moved)).status).toBe(202);
      expect(remote.fetches.filter(({ path }) => path === '/users/stranger2')).toEqual([]);
    });
  });
});
