import fc from 'fast-check';
import { formatInstant, parseInstant } from './instant.ts';

describe('parseInstant', () => {
  test.each([
    ['2025-05-15T05:23:53Z', '2025-05-15T05:23:53.000000000Z'],
    ['2025-05-15T05:23:53.539Z', '2025-05-15T05:23:53.539000000Z'],
    ['2025-05-15T05:23:53.123456789Z', '2025-05-15T05:23:53.123456789Z'],
    ['2025-05-15T05:23:53.1234567899Z', '2025-05-15T05:23:53.123456789Z'],
    ['2025-05-15t05:23:53.5z', '2025-05-15T05:23:53.500000000Z'],
    ['2025-05-15 05:23:53Z', '2025-05-15T05:23:53.000000000Z'],
    ['2025-05-15T05:23Z', '2025-05-15T05:23:00.000000000Z'],
    ['2025-01-01T00:30:00+02:00', '2024-12-31T22:30:00.000000000Z'],
    ['2024-12-31T23:30:00.25-01:30', '2025-01-01T01:00:00.250000000Z'],
    ['2025-05-15T05:23:53-00:00', '2025-05-15T05:23:53.000000000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000000000Z'],
    ['2016-12-31T23:59:60.5Z', '2016-12-31T23:59:59.999999999Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000000Z'],
    ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00.000000000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999000000Z'],
  ])('%s', (text, key) => {
    expect(parseInstant(text)).toEqual({ key, ms: Date.parse(`${key.slice(0, 23)}Z`) });
  });

  test.each([
    '', 'now', '2025-05-15', '2025-05-15T05:23:53', '2025-02-30T00:00:00Z', '2025-02-29T00:00:00Z', '2025-13-01T00:00:00Z', '2025-00-10T00:00:00Z',
    '2025-01-00T00:00:00Z', '2025-01-01T24:00:00Z', '2025-01-01T00:60:00Z', '2025-01-01T00:00:61Z', '2025-01-01T00:00:00.Z', '2025-01-01T00:00:00+24:00',
    '2025-01-01T00:00:00+0100', '2025-01-01T00:00:00+01:60', '0000-01-01T00:00:00Z', '0001-01-01T00:00:00+01:00', '9999-12-31T23:59:59-01:00',
    '+12025-01-01T00:00:00Z', '٢٠٢٥-05-15T05:23:53Z', '2025-05-15T05:23:53Z\n', ` 2025-05-15T05:23:53Z`, `2025-05-15T05:23:53.${'0'.repeat(64)}Z`,
    1747286633, null, undefined, {}, ['2025-05-15T05:23:53Z'],
  ])('refuses %p', (text) => {
    expect(parseInstant(text)).toBeNull();
  });

  test('orders as time does', () => {
    const instant = fc.record({ ms: fc.integer({ min: -62_000_000_000_000, max: 250_000_000_000_000 }), minutes: fc.integer({ min: -839, max: 839 }) });
    const shown = ({ ms, minutes }: { ms: number; minutes: number }): string => {
      const size = Math.abs(minutes);
      const offset = `${minutes < 0 ? '-' : '+'}${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`;
      return formatInstant(ms + minutes * 60_000, 3).replace('Z', offset);
    };
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        const [left, right] = [parseInstant(shown(a)), parseInstant(shown(b))];
        expect(left?.ms).toBe(a.ms);
        expect(Math.sign(a.ms - b.ms)).toBe(left!.key < right!.key ? -1 : left!.key > right!.key ? 1 : 0);
      }),
    );
  });
});

describe('formatInstant', () => {
  test('writes milliseconds or whole seconds', () => {
    const ms = Date.UTC(2025, 4, 15, 5, 23, 53, 539);
    expect(formatInstant(ms, 3)).toBe('2025-05-15T05:23:53.539Z');
    expect(formatInstant(ms, 0)).toBe('2025-05-15T05:23:53Z');
  });

  test.each([Number.NaN, 8.64e15, -8.64e15])('refuses %p', (ms) => {
    expect(() => formatInstant(ms, 3)).toThrow(RangeError);
  });
});
