import { MAX_UNAUTHORIZED_ATTEMPTS, verdictOf } from './verdict.ts';

const now = new Date('2026-01-05T12:00:00.000Z');
const answered = (status: number, attempts = 1) => verdictOf({ kind: 'answered', status, retryAfter: null }, attempts, now).kind;

test.each([
  ['delivered', [200, 201, 202, 204]],
  ['retry', [401, 408, 425, 429, 500, 502, 503, 504, 520]],
  ['refused', [301, 302, 307, 308, 400, 403, 404, 405, 406, 413, 415, 422, 451, 501]],
  ['gone', [410]],
])('%s: %j', (kind, statuses) => {
  expect(statuses.map((status) => [status, answered(status)])).toEqual(statuses.map((status) => [status, kind]));
});

test('401 is retried some times only, 503 for as long as the window lasts', () => {
  expect(answered(401, MAX_UNAUTHORIZED_ATTEMPTS - 1)).toBe('retry');
  expect(answered(401, MAX_UNAUTHORIZED_ATTEMPTS)).toBe('refused');
  expect(answered(503, 500)).toBe('retry');
});

test('no answer is retried, a forbidden address is not', () => {
  expect(verdictOf({ kind: 'no-answer', reason: 'timeout' }, 1, now)).toEqual({ kind: 'retry', reason: 'timeout', notBefore: null });
  expect(verdictOf({ kind: 'not-allowed', reason: 'private address' }, 1, now)).toEqual({ kind: 'refused', reason: 'private address' });
});

test('takes over Retry-After', () => {
  const verdict = verdictOf({ kind: 'answered', status: 429, retryAfter: '60' }, 1, now);
  expect(verdict).toEqual({ kind: 'retry', reason: 'HTTP 429', notBefore: new Date('2026-01-05T12:01:00.000Z') });
});
