import { readCollectionPart, readHistoryItem, statusHistoryOf } from './collection.ts';

const bob = 'https://remote.example/users/bob';
const status = (id: string, more: object = {}) => ({ type: 'ActorStatus', id, attributedTo: bob, content: 'is here', published: '2026-01-05T12:00:00Z', ...more });
const page = 'https://remote.example/users/bob/statuses?page=1';

test.each([
  ['OrderedCollection with orderedItems', { type: 'OrderedCollection', orderedItems: [1, 2] }, { items: [1, 2], more: [] }],
  ['Collection with items', { type: 'Collection', items: [1, 2] }, { items: [1, 2], more: [] }],
  ['an unordered page with ordered items', { type: 'CollectionPage', orderedItems: [1], next: page }, { items: [1], more: [page] }],
  ['one item without an array', { type: 'OrderedCollection', orderedItems: { a: 1 } }, { items: [{ a: 1 }], more: [] }],
  ['one link without an array', { type: 'Collection', items: page }, { items: [page], more: [] }],
  ['pages by address', { type: 'OrderedCollection', first: page, totalItems: 9 }, { items: [], more: [page] }],
  ['a first page inlined', { type: 'OrderedCollection', first: { type: 'OrderedCollectionPage', items: [1] } }, { items: [], more: [{ type: 'OrderedCollectionPage', items: [1] }] }],
  ['a page that is an object with an id only', { first: { id: page }, next: [{ id: `${page}0` }] }, { items: [], more: [page, `${page}0`] }],
  ['items of its own and pages besides', { orderedItems: [1], first: page }, { items: [1], more: [page] }],
  ['no type', { items: [1] }, { items: [1], more: [] }],
  ['null members', { type: 'Collection', items: null, first: null, next: null }, { items: [], more: [] }],
  ['addresses that are none', { first: 'javascript:alert(1)', next: 7 }, { items: [], more: [] }],
  ['nothing', {}, { items: [], more: [] }],
])('%s', (_name, json, expected) => {
  expect(readCollectionPart(json, 100)).toEqual(expected);
});

test('items beyond the limit are left out', () => {
  expect(readCollectionPart({ items: Array.from({ length: 5000 }, (_, index) => index) }, 250).items).toHaveLength(250);
});

test('the history of an actor, in every spelling', () => {
  const collection = { type: 'OrderedCollection', id: page, orderedItems: [] };
  expect(statusHistoryOf({ statusHistory: page })).toBe(page);
  expect(statusHistoryOf({ 'sm:statusHistory': [page] })).toBe(page);
  expect(statusHistoryOf({ 'http://smithereen.software/ns#statusHistory': { id: page } })).toBe(page);
  expect(statusHistoryOf({ statusHistory: collection })).toEqual(collection);
  expect(statusHistoryOf({ statusHistory: { type: 'OrderedCollection', id: page, totalItems: 4 } })).toBe(page);
  for (const none of [{}, { statusHistory: null }, { statusHistory: 'nonsense' }, { statusHistory: {} }]) expect(statusHistoryOf(none)).toBeNull();
});

describe('an item of the history', () => {
  const read = (item: unknown) => readHistoryItem(item, bob, { '@context': { '@language': 'de' } });

  test("of the actor's own is a status, in the language of the page", () => {
    expect(read(status(`${bob}/statuses/1`))).toMatchObject({ kind: 'status', status: { statusId: `${bob}/statuses/1`, content: { language: 'de' } } });
    expect(read(status(`${bob}/statuses/1`, { attributedTo: [{ id: bob }] })).kind).toBe('status');
  });

  test('may be a link', () => {
    expect(read(`${bob}/statuses/1`)).toEqual({ kind: 'link', id: `${bob}/statuses/1` });
    expect(read({ id: `${bob}/statuses/1` })).toEqual({ kind: 'link', id: `${bob}/statuses/1` });
  });

  test.each([
    ['by another of the same server', status(`${bob}/statuses/1`, { attributedTo: 'https://remote.example/users/eve' })],
    ['with an id on another server', status('https://other.example/statuses/1')],
    ['that links to another server', 'https://other.example/statuses/1'],
  ])('%s is foreign', (_name, item) => {
    expect(read(item)).toEqual({ kind: 'foreign' });
  });

  test.each([null, 7, 'nonsense', {}, [], { type: 'Note', id: `${bob}/1` }, status(`${bob}/statuses/1`, { published: 'yesterday' })])('%p is unreadable', (item) => {
    expect(read(item)).toEqual({ kind: 'unreadable' });
  });
});
