import { checkReceived, readStatus, type ReadStatus } from './status.ts';

const object = {
  type: 'ActorStatus',
  id: 'https://remote.example/users/bob/statuses/1',
  attributedTo: 'https://remote.example/users/bob',
  content: 'is reading',
  published: '2026-11-23T02:46:03+01:00',
};
const published = Date.parse(object.published);
const DAY_MS = 86_400_000;

test('a status dated up to 24 hours ahead is taken, and no later one', () => {
  const status = readStatus(object) as ReadStatus;
  expect(checkReceived(status, published)).toBeNull();
  expect(checkReceived(status, published + 1000 * DAY_MS)).toBeNull();
  expect(checkReceived(status, published - DAY_MS)).toBeNull();
  expect(checkReceived(status, published - DAY_MS - 1)).toMatchObject({ kind: 'invalid', field: 'object.published' });
});

test('fields are named by their path in the document', () => {
  expect(readStatus({ ...object, content: 1 })).toMatchObject({ field: 'content' });
  expect(readStatus({ ...object, content: 1 }, 'status')).toMatchObject({ field: 'status.content' });
  expect(readStatus({ ...object, type: 'Note' })).toMatchObject({ field: 'type' });
});

test('what cannot be stored is replaced, in the text and in the name of an attachment', () => {
  const attachment = { type: 'Link', href: 'https://music.example/', name: 'a\0b\udfff' };
  expect(readStatus({ ...object, content: 'x\0\ud800', attachment })).toMatchObject({
    content: { text: 'x\ufffd', attachment: { href: 'https://music.example/', name: 'ab\ufffd' } },
  });
});

test.each([
  ['en', 'en'],
  ['zh-Hant-TW', 'zh-Hant-TW'],
  ['und', null],
  ['not a tag', null],
  ['x'.repeat(100), null],
])('a map of the language %p', (tag, language) => {
  expect(readStatus({ ...object, content: undefined, contentMap: { [tag]: 'is reading' } })).toMatchObject({ content: { text: 'is reading', language } });
});

test('the context nearest to the status names its language', () => {
  const context = { '@context': ['https://www.w3.org/ns/activitystreams', { '@language': 'nb' }, { '@language': 'de' }] };
  expect(readStatus({ ...object, ...context }, '', 'en')).toMatchObject({ content: { language: 'de' } });
  expect(readStatus(object, '', 'en')).toMatchObject({ content: { language: 'en' } });
});

test('a megabyte is refused', () => {
  expect(readStatus({ ...object, content: '\u{1f468}\u200d'.repeat(300_000) })).toMatchObject({ kind: 'invalid', field: 'content' });
});
