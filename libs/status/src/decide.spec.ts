import { decideDelete, decidePublish, decideRemove, localStatusId } from './decide.ts';
import { eventIdOf } from './event-id.ts';

const now = Date.parse('2025-01-01T12:00:00.250Z');
const actor = 'https://status.example/users/alice';
const statusId = localStatusId(actor, '1735732800123');
const published = '2025-01-01T12:00:00.123Z';
const publish = (fields: { content?: unknown; endTime?: unknown; attachment?: unknown }) =>
  decidePublish({ actor, statusId, published, content: 'at lunch', history: true, ...fields }, now);

describe('publishing', () => {
  test('a status with nothing but its text', () => {
    expect(publish({ content: '  at lunch\n' })).toEqual({
      kind: 'accepted',
      events: [
        {
          type: 'StatusPublished',
          data: { actor, statusId, published, content: { text: 'at lunch', language: null, attachment: null }, endTime: null, keep: true },
          metadata: {
            eventId: eventIdOf('StatusPublished', { actor, statusId, published }),
            receivedAt: '2025-01-01T12:00:00.250Z',
            origin: 'local',
          },
        },
      ],
    });
  });

  const family = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}';
  test.each([
    ['100 letters', 'x'.repeat(100)],
    ['100 emoji of seven code points', family.repeat(100)],
    ['markup, which is plain text here', '<b>&amp;</b>'],
    ['right-to-left text with its marks', '\u200Fשלום\u200F'],
  ])('%s', (_, content) => {
    expect(publish({ content })).toMatchObject({ kind: 'accepted', events: [{ data: { content: { text: content } } }] });
  });

  test('endTime in whole seconds of UTC, and an attachment with its address encoded', () => {
    const attachment = { href: 'https://music.example/söng?q=1', name: ' Artist – Title ' };
    expect(publish({ endTime: '2025-01-01T14:00:00.9+01:00', attachment })).toMatchObject({
      events: [
        {
          data: {
            endTime: '2025-01-01T13:00:00Z',
            content: { attachment: { href: 'https://music.example/s%C3%B6ng?q=1', name: 'Artist – Title' } },
          },
        },
      ],
    });
    expect(publish({ endTime: '9999-12-31T23:59:59Z', attachment: { href: 'http://a.example' } })).toMatchObject({
      events: [{ data: { endTime: '9999-12-31T23:59:59Z', content: { attachment: { href: 'http://a.example/', name: null } } } }],
    });
    expect(publish({ endTime: null, attachment: null })).toMatchObject({ events: [{ data: { endTime: null, content: { attachment: null } } }] });
  });

  test.each([
    ['content', 'no text', { content: undefined }],
    ['content', 'a number', { content: 7 }],
    ['content', 'only blanks', { content: ' \t\n ' }],
    ['content', 'only characters without a shape', { content: '\u200B\u200D\u2060' }],
    ['content', '101 letters', { content: 'x'.repeat(101) }],
    ['content', '101 emoji', { content: family.repeat(101) }],
    ['content', 'a letter under a pile of accents', { content: `e${'\u0301'.repeat(5000)}` }],
    ['content', 'a NUL', { content: 'a\0b' }],
    ['content', 'a line break', { content: 'a\nb' }],
    ['content', 'half a surrogate pair', { content: 'a\uD800' }],
    ['endTime', 'no date', { endTime: 'tomorrow' }],
    ['endTime', 'a date without an offset', { endTime: '2025-01-02T12:00:00' }],
    ['endTime', 'a number', { endTime: now + 5000 }],
    ['endTime', 'this very second', { endTime: '2025-01-01T12:00:00.999Z' }],
    ['endTime', 'a year too far', { endTime: '9999-12-31T23:59:59-01:00' }],
    ['attachment', 'a bare address', { attachment: 'https://a.example' }],
    ['attachment', 'no address', { attachment: { name: 'x' } }],
    ['attachment', 'a relative address', { attachment: { href: '/x' } }],
    ['attachment', 'a script', { attachment: { href: 'javascript:alert(1)' } }],
    ['attachment', 'a user in the address', { attachment: { href: 'https://bank.example@evil.example/' } }],
    ['attachment', 'a long address', { attachment: { href: `https://a.example/${'x'.repeat(2048)}` } }],
    ['attachment', 'an address that is long once encoded', { attachment: { href: `https://a.example/${'ö'.repeat(1000)}` } }],
    ['attachment', 'a name that is no text', { attachment: { href: 'https://a.example', name: {} } }],
    ['attachment', 'a long name', { attachment: { href: 'https://a.example', name: 'x'.repeat(101) } }],
  ])('%s: refuses %s', (field, _, given) => {
    expect(publish(given)).toEqual({ kind: 'invalid', field, detail: expect.any(String) });
  });
});

describe('clearing and deleting', () => {
  test.each([
    ['StatusRemoved', decideRemove],
    ['StatusDeleted', decideDelete],
  ] as const)('%s', (type, decide) => {
    expect(decide({ actor, statusId }, true, now)).toEqual({
      kind: 'accepted',
      events: [
        { type, data: { actor, statusId }, metadata: { eventId: eventIdOf(type, { actor, statusId }), receivedAt: '2025-01-01T12:00:00.250Z', origin: 'local' } },
      ],
    });
    expect(decide({ actor, statusId }, false, now)).toMatchObject({ kind: 'invalid', field: 'object' });
  });
});

test('a local id is a number below 2^53', () => {
  expect(localStatusId(actor, '9007199254740991')).toBe(`${actor}/statuses/9007199254740991`);
  for (const id of ['', '0', '01', '1.5', '9007199254740992', '../x']) expect(() => localStatusId(actor, id)).toThrow('not a local status id');
});
