import { audienceInbox, audienceInboxes, inboxUrl } from './mailboxes.ts';

const own = 'https://here.example';

describe('audienceInboxes', () => {
  test('one POST per shared inbox, and one per actor without', () => {
    const inboxes = audienceInboxes(
      [
        { inbox: 'https://big.example/users/a/inbox', sharedInbox: 'https://big.example/inbox' },
        { inbox: 'https://small.example/a/inbox', sharedInbox: null },
        { inbox: 'https://big.example/users/b/inbox', sharedInbox: 'https://BIG.example/inbox#' },
        { inbox: 'https://small.example/b/inbox', sharedInbox: null },
        { inbox: 'https://small.example/a/inbox', sharedInbox: null },
      ],
      own,
    );
    expect(inboxes).toEqual(['https://big.example/inbox', 'https://small.example/a/inbox', 'https://small.example/b/inbox']);
  });

  test('our own host gets nothing, whatever the case of its name', () => {
    expect(audienceInboxes([{ inbox: 'https://HERE.example/users/a/inbox', sharedInbox: null }], own)).toEqual([]);
    expect(audienceInboxes([{ inbox: 'https://here.example:8443/users/a/inbox', sharedInbox: null }], own)).toHaveLength(1);
  });

  test('an unusable shared inbox falls back on the own one', () => {
    expect(audienceInbox({ inbox: 'https://x.example/inbox', sharedInbox: 'not a url' }, own)).toBe('https://x.example/inbox');
    expect(audienceInbox({ inbox: 'javascript:1', sharedInbox: null }, own)).toBeNull();
  });
});

test.each([
  ['https://X.example:443/inbox', 'https://x.example/inbox'],
  ['http://x.example/inbox?a=1#b', 'http://x.example/inbox?a=1'],
  ['https://user:secret@x.example/inbox', null],
  ['ftp://x.example/inbox', null],
  ['/inbox', null],
  ['https://here.example/inbox', null],
  [`https://x.example/${'i'.repeat(1000)}`, null],
])('inboxUrl(%s)', (given, expected) => {
  expect(inboxUrl(given, own)).toBe(expected);
});
