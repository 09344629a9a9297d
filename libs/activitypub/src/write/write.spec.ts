import {
  actorDocument, actorUrls, createActivity, hostMetaJson, hostMetaXml, instanceActorUrls, nodeInfo, nodeInfoContentType, nodeInfoIndex, orderedCollection, orderedCollectionPage,
  removeActivity, statusDocument, statusObject, tombstone, webFinger,
  statusActivityId,
} from '../index.ts';

const HERE = 'https://heliograph.example';
const urls = actorUrls(HERE, 'alice');
const status = {
  id: urls.status('1747286633'),
  attributedTo: urls.id,
  content: { text: 'is trying', language: null, attachment: { href: 'https://music.example/1', name: 'A song' } },
  published: '2025-05-15T05:23:53.539Z',
  endTime: '2025-05-15T06:00:00.900Z',
};
const FEP_CONTEXT = [
  'https://www.w3.org/ns/activitystreams',
  {
    sm: 'http://smithereen.software/ns#',
    ActorStatus: 'sm:ActorStatus',
    status: { '@type': '@id', '@id': 'sm:status' },
    statusHistory: { '@type': '@id', '@id': 'sm:statusHistory' },
  },
];

test('a status document, as FEP-82f6 shows it', () => {
  expect(statusDocument(status)).toEqual({
    '@context': FEP_CONTEXT,
    type: 'ActorStatus',
    id: 'https://heliograph.example/users/alice/statuses/1747286633',
    attributedTo: 'https://heliograph.example/users/alice',
    content: 'is trying',
    published: '2025-05-15T05:23:53.539Z',
    endTime: '2025-05-15T06:00:00Z',
    attachment: { type: 'Link', href: 'https://music.example/1', name: 'A song' },
  });
});

test('times are written in UTC, and what is no time is a broken invariant', () => {
  expect(statusObject({ ...status, published: '2025-05-15T07:23:53.5+02:00' }).published).toBe('2025-05-15T05:23:53.500Z');
  expect(() => statusObject({ ...status, published: 'now' })).toThrow(RangeError);
});

test('optional members are left out, and a language makes a map', () => {
  const plain = { ...status, content: { text: 'x', language: 'en', attachment: null }, endTime: null };
  expect(statusObject(plain)).toEqual({ type: 'ActorStatus', id: status.id, attributedTo: urls.id, content: 'x', contentMap: { en: 'x' }, published: status.published });
});

test('Create and Remove are addressed and inline the status', () => {
  const create = createActivity({ id: statusActivityId(urls.status('1747286633'), 'create'), actor: urls.id, followers: urls.followers, status });
  expect(create).toMatchObject({ '@context': FEP_CONTEXT, type: 'Create', to: [urls.followers], object: statusObject(status) });
  const remove = removeActivity({ id: statusActivityId(urls.status('1747286633'), 'remove'), actor: urls.id, followers: urls.followers, status: { ...status, content: null } });
  expect(remove).toEqual({
    '@context': FEP_CONTEXT,
    type: 'Remove',
    id: `${status.id}/remove`,
    actor: urls.id,
    to: [urls.followers],
    object: { type: 'ActorStatus', id: status.id, attributedTo: urls.id, content: '', published: status.published },
  });
});

test('an actor document; the instance actor has neither followers nor history', () => {
  const common = {
    preferredUsername: 'alice', name: 'Alice', summary: '', published: '2025-01-01T00:00:00.000Z', publicKeyPem: 'PEM', icon: null,
    manuallyApprovesFollowers: false, discoverable: true, status, keepsHistory: true,
  };
  const person = actorDocument({ ...common, urls });
  expect(person['@context'].slice(0, 2)).toEqual(['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1']);
  expect(person['@context']).toContainEqual(FEP_CONTEXT[1]);
  expect(person).toMatchObject({ type: 'Person', published: '2025-01-01T00:00:00Z', statusHistory: urls.statusHistory, followers: urls.followers, publicKey: { id: urls.keyId, owner: urls.id } });
  // Two spellings of one property would be an array to a JSON-LD processor.
  expect(person).not.toHaveProperty(['sm:status']);

  const instance = actorDocument({ ...common, urls: instanceActorUrls(HERE), type: 'Application', status: null });
  expect(instance).toMatchObject({ type: 'Application', id: `${HERE}/actor`, inbox: `${HERE}/inbox` });
  for (const member of ['status', 'statusHistory', 'followers', 'following', 'icon']) expect(instance).not.toHaveProperty(member);
});

test('collections', () => {
  expect(orderedCollection({ id: urls.statusHistory, totalItems: 2, first: `${urls.statusHistory}?page=1` })).toEqual({
    '@context': 'https://www.w3.org/ns/activitystreams', type: 'OrderedCollection', id: urls.statusHistory, totalItems: 2, first: `${urls.statusHistory}?page=1`,
  });
  expect(orderedCollection({ id: urls.followers, totalItems: 2, first: null })).not.toHaveProperty('first');
  const page = orderedCollectionPage({ id: `${urls.statusHistory}?page=1`, partOf: urls.statusHistory, totalItems: 2, items: [statusDocument(status), urls.id], next: null, prev: `${urls.statusHistory}?page=0` });
  expect(page).toEqual({
    '@context': FEP_CONTEXT, type: 'OrderedCollectionPage', id: `${urls.statusHistory}?page=1`, partOf: urls.statusHistory, totalItems: 2, prev: `${urls.statusHistory}?page=0`,
    orderedItems: [statusObject(status), urls.id],
  });
});

test('a tombstone', () => {
  expect(tombstone({ id: status.id, formerType: 'ActorStatus', deleted: '2025-05-15T05:23:53.539Z' })).toEqual({
    '@context': FEP_CONTEXT, type: 'Tombstone', id: status.id, formerType: 'ActorStatus', deleted: '2025-05-15T05:23:53Z',
  });
  expect(tombstone({ id: status.id, formerType: 'ActorStatus' })).not.toHaveProperty('deleted');
});

test('discovery', () => {
  expect(webFinger({ handle: 'alice@heliograph.example', actor: urls.id, profile: urls.url })).toEqual({
    subject: 'acct:alice@heliograph.example',
    aliases: [urls.url, urls.id],
    links: [
      { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: urls.url },
      { rel: 'self', type: 'application/activity+json', href: urls.id },
    ],
  });
  expect(hostMetaJson(`${HERE}/`)).toEqual({ links: [{ rel: 'lrdd', type: 'application/jrd+json', template: `${HERE}/.well-known/webfinger?resource={uri}` }] });
  expect(hostMetaXml('https://a&b"<.example')).toContain('template="https://a&amp;b&quot;&lt;.example/.well-known/webfinger?resource={uri}"');
});

test('NodeInfo', () => {
  expect(nodeInfoIndex(HERE)).toEqual({
    links: ['2.0', '2.1'].map((version) => ({ rel: `http://nodeinfo.diaspora.software/ns/schema/${version}`, href: `${HERE}/nodeinfo/${version}` })),
  });
  expect(nodeInfo('2.1', { softwareVersion: '0.1.0', openRegistrations: false, users: { total: 3, activeMonth: 2 }, localPosts: 9 })).toEqual({
    version: '2.1', software: { name: 'heliograph', version: '0.1.0' }, protocols: ['activitypub'], services: { inbound: [], outbound: [] },
    openRegistrations: false, usage: { users: { total: 3, activeMonth: 2 }, localPosts: 9 }, metadata: {},
  });
  expect(nodeInfoContentType('2.0')).toBe('application/json; profile="http://nodeinfo.diaspora.software/ns/schema/2.0#"');
});
