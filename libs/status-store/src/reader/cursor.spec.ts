import { decodeCursor, encodeCursor } from './cursor.ts';

test('a cursor comes back as it was', () => {
  const key = ['2025-01-01T12:00:00.000000000Z', 'https://status.example/a?b#\u{1F600}', ''];
  expect(encodeCursor(key)).toMatch(/^[\w-]+$/);
  expect(decodeCursor(encodeCursor(key), 3)).toEqual(key);
});

test.each([
  ['nothing', ''],
  ['other characters', 'a b'],
  ['no JSON', 'abcd'],
  ['another list', encodeCursor(['a', 'b'])],
  ['numbers', Buffer.from('[1,2,3]').toString('base64url')],
  ['an object', Buffer.from('{"length":3}').toString('base64url')],
  ['NUL, which PostgreSQL refuses', encodeCursor(['a', 'b\0', 'c'])],
  ['too much', encodeCursor(['a', 'b', 'c'.repeat(9000)])],
])('%s is none', (_, cursor) => {
  expect(decodeCursor(cursor, 3)).toBeNull();
});
