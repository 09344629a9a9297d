import { graph, statusSubmitted } from './schemas.ts';
import type { StatusSubmitted } from './messages.ts';

const published: StatusSubmitted = {
  type: 'StatusPublished',
  data: {
    actor: 'https://a.example/users/alice',
    statusId: 'https://a.example/users/alice/statuses/1',
    published: '2026-01-01T00:00:00.000Z',
    content: { text: 'reading', language: null, attachment: { href: 'https://b.example/', name: null } },
    endTime: null,
    keep: true,
  },
  metadata: { eventId: '00000000-0000-0000-0000-000000000001', receivedAt: '2026-01-01T00:00:00.000Z', origin: 'local' },
};

describe('message codecs', () => {
  test('decode gives back what encode was given', () => {
    expect(statusSubmitted.decode(statusSubmitted.encode(published))).toEqual({ kind: 'message', message: published });
  });

  test('a message that does not fit its schema is not sent', () => {
    const broken = { ...published, data: { ...published.data, keep: 'yes' } } as unknown as StatusSubmitted;
    expect(() => statusSubmitted.encode(broken)).toThrow(/keep must be boolean/);
  });

  test.each([
    ['a newer version', JSON.stringify({ ...published, v: 2 }), { kind: 'unknown', type: 'StatusPublished', version: 2 }],
    ['a type of a later release', JSON.stringify({ ...published, v: 1, type: 'StatusPinned' }), { kind: 'unknown', type: 'StatusPinned', version: 1 }],
    ['broken JSON', '{', { kind: 'invalid', detail: 'not JSON' }],
    ['a missing field', JSON.stringify({ v: 1, type: 'StatusRemoved', data: { actor: 'a' }, metadata: published.metadata }), { kind: 'invalid', detail: "message/data must have required property 'statusId'" }],
  ])('%s is told apart', (_name, value, outcome) => {
    expect(statusSubmitted.decode(value)).toEqual(outcome);
  });

  test('graph messages round-trip', () => {
    const message = { type: 'FollowUndone', data: { actor: 'a', at: 'now', follower: 'b', followId: null } } as const;
    expect(graph.decode(graph.encode(message))).toEqual({ kind: 'message', message });
  });
});
