import fc from 'fast-check';
import { MAX_PAUSE_MS, nextAttempt, retryAfter, WINDOW_MS } from './retry.ts';

const now = new Date('2026-01-05T12:00:00.000Z');
const pauseAfter = (made: number, random = 0.5, notBefore: Date | null = null): number | null => {
  const next = nextAttempt({ made, firstAt: now }, { now, retrySeconds: 10, random, notBefore });
  return next && (next.getTime() - now.getTime()) / 1000;
};

describe('nextAttempt', () => {
  test('doubles from the first pause, up to six hours', () => {
    expect([1, 2, 3, 4].map((made) => pauseAfter(made))).toEqual([10, 20, 40, 80]);
    expect(pauseAfter(40, 0.999_999)).toBeCloseTo(6 * 3600, 0);
    expect(pauseAfter(5000)).toBeLessThanOrEqual(6 * 3600);
  });

  test('spreads by a fifth to both sides', () => {
    expect(pauseAfter(1, 0)).toBe(8);
    expect(pauseAfter(1, 0.999_999)).toBeCloseTo(12, 1);
  });

  test('Retry-After postpones and never hastens', () => {
    expect(pauseAfter(1, 0.5, new Date(now.getTime() + 90_000))).toBe(90);
    expect(pauseAfter(1, 0.5, new Date(now.getTime() + 1_000))).toBe(10);
    expect(pauseAfter(1, 0.5, new Date(now.getTime() + 60 * 86_400_000))).toBe(WINDOW_MS / 1000);
  });

  test('ends seven days after the first attempt, with a last attempt at the end', () => {
    const at = (passed: number) => {
      const later = new Date(now.getTime() + passed);
      return nextAttempt({ made: 30, firstAt: now }, { now: later, retrySeconds: 10, random: 0.5, notBefore: null });
    };
    expect(at(WINDOW_MS - 1000)).toEqual(new Date(now.getTime() + WINDOW_MS));
    expect(at(WINDOW_MS)).toBeNull();
  });

  test('always later than now, at most six hours, within the window', () => {
    const input = { made: fc.integer({ min: 1, max: 200 }), passed: fc.integer({ min: 0, max: WINDOW_MS - 1 }), random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), retrySeconds: fc.integer({ min: 1, max: 3600 }) };
    fc.assert(
      fc.property(fc.record(input), ({ made, passed, random, retrySeconds }) => {
        const then = new Date(now.getTime() + passed);
        const next = nextAttempt({ made, firstAt: now }, { now: then, retrySeconds, random, notBefore: null });
        const pause = (next?.getTime() ?? NaN) - then.getTime();
        return pause > 0 && pause <= MAX_PAUSE_MS && passed + pause <= WINDOW_MS;
      }),
    );
  });
});

test.each([
  ['120', '2026-01-05T12:02:00.000Z'],
  [' 0 ', '2026-01-05T12:00:00.000Z'],
  ['Mon, 05 Jan 2026 13:00:00 GMT', '2026-01-05T13:00:00.000Z'],
  ['Monday, 05-Jan-26 13:00:00 GMT', '2026-01-05T13:00:00.000Z'],
  ['Mon Jan  5 13:00:00 2026', '2026-01-05T13:00:00.000Z'],
])('retryAfter(%s)', (header, expected) => {
  expect(retryAfter(header, now)).toEqual(new Date(expected));
});

test.each([[null], [''], ['-1'], ['1.5'], ['soon'], ['99999999999999'], ['Mon, 99 Foo 2026 13:00:00 GMT']])('retryAfter(%s) says nothing', (header) => {
  expect(retryAfter(header, now)).toBeNull();
});
