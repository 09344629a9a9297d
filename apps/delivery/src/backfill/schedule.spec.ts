import { afterFailure, afterSuccess, insists } from './schedule.ts';

const hour = 3_600_000;

test('looks are spread around the interval', () => {
  expect([0, 0.5, 1].map((random) => Math.round(afterSuccess(hour, random)))).toEqual([0.8 * hour, hour, 1.2 * hour]);
});

test('failures back off, up to the interval', () => {
  const pauses = [1, 2, 3, 4, 20, 1000].map((attempts) => afterFailure(attempts, { intervalMs: hour, retryAfterMs: 0, random: 0.5 }) / 60_000);
  expect(pauses).toEqual([1, 2, 4, 8, 60, 60]);
});

test('a server that asks for more time gets it', () => {
  expect(afterFailure(1, { intervalMs: hour, retryAfterMs: 2 * hour, random: 0.5 })).toBe(2 * hour);
});

test('what nobody follows is not tried for ever', () => {
  expect([1, 4, 5].map(insists)).toEqual([true, true, false]);
});
