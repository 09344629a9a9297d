import { actorUrls, instanceActorUrls, parseLocalActor, parseLocalFollow, parseLocalProfile, parseLocalStatus, statusActivityId, undoId } from './urls.ts';

const HERE = 'https://heliograph.example';
const alice = actorUrls(HERE, 'alice');

test('ids never change', () => {
  expect(JSON.parse(JSON.stringify(alice))).toEqual({
    id: 'https://heliograph.example/users/alice',
    url: 'https://heliograph.example/@alice',
    inbox: 'https://heliograph.example/users/alice/inbox',
    sharedInbox: 'https://heliograph.example/inbox',
    outbox: 'https://heliograph.example/users/alice/outbox',
    followers: 'https://heliograph.example/users/alice/followers',
    following: 'https://heliograph.example/users/alice/following',
    statusHistory: 'https://heliograph.example/users/alice/statuses',
    keyId: 'https://heliograph.example/users/alice#main-key',
    deleteActor: 'https://heliograph.example/users/alice#delete',
  });
  expect((['create', 'remove', 'delete'] as const).map((kind) => statusActivityId(alice.status('7'), kind))).toEqual(['create', 'remove', 'delete'].map((verb) => `${alice.status('7')}/${verb}`));
  expect(alice.status('7')).toBe('https://heliograph.example/users/alice/statuses/7');
  expect(undoId(alice.follow('f-1'))).toBe('https://heliograph.example/users/alice/follows/f-1/undo');
  expect([alice.accept('1'), alice.reject('1'), alice.update('1')]).toEqual(['accepts', 'rejects', 'updates'].map((what) => `${alice.id}#${what}/1`));
  expect(instanceActorUrls(HERE)).toEqual({
    id: 'https://heliograph.example/actor',
    url: 'https://heliograph.example/',
    inbox: 'https://heliograph.example/inbox',
    sharedInbox: 'https://heliograph.example/inbox',
    outbox: 'https://heliograph.example/actor/outbox',
    keyId: 'https://heliograph.example/actor#main-key',
  });
});

test('a slash after the public URL makes no difference', () => {
  expect(actorUrls(`${HERE}/`, 'alice').id).toBe(alice.id);
  expect(parseLocalActor(`${HERE}/`, alice.id)).toBe('alice');
});

test('what is written is recognised', () => {
  expect(parseLocalActor(HERE, alice.id)).toBe('alice');
  expect(parseLocalActor(HERE, actorUrls(HERE, 'a.b-c_9').id)).toBe('a.b-c_9');
  expect([alice.id, alice.url, `${alice.url}/`].map((iri) => parseLocalProfile(HERE, iri))).toEqual(['alice', 'alice', 'alice']);
  expect(parseLocalStatus(HERE, alice.status('9007199254740991'))).toEqual({ name: 'alice', id: '9007199254740991' });
  expect(parseLocalFollow(HERE, alice.follow('f-1'))).toEqual({ name: 'alice', id: 'f-1' });
});

test.each([
  alice.url, alice.inbox, alice.keyId, `${alice.id}/`, `${alice.id}?x`, 'https://heliograph.example/users/', 'https://heliograph.example/users/a%2Fb',
  'https://heliograph.example/users/..', 'https://heliograph.example.evil.test/users/alice', 'https://other.example/users/alice', 'http://heliograph.example/users/alice', '',
])('%p is no local actor', (iri) => {
  expect(parseLocalActor(HERE, iri)).toBeNull();
});

test.each(['0', '01', '-1', '1e3', '9007199254740992', '99999999999999999', '7/create', ''])('%p is no id of a status', (id) => {
  expect(parseLocalStatus(HERE, alice.status(id))).toBeNull();
});

test.each(['', '1/undo', '1#x', 'x'.repeat(65)])('%p is no id of a Follow', (id) => {
  expect(parseLocalFollow(HERE, alice.follow(id))).toBeNull();
});
