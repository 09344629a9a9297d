import fc from 'fast-check';
import { compareCodePoints, compareVersions, instantKeyOf } from './version.ts';

const sign = Math.sign;

test('code points order as the bytes of UTF-8 do', () => {
  expect('\u{1F600}' < '\u{FB01}').toBe(true); // what < does, and we do not want
  expect(compareCodePoints('\u{1F600}', '\u{FB01}')).toBeGreaterThan(0);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(sign(compareCodePoints(a, b))).toBe(sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
    }),
  );
});

test('the instant decides, then the status id, then the spelling of published', () => {
  const version = (published: string, statusId: string) => ({ publishedKey: instantKeyOf(published), statusId, published });
  const ascending = [
    version('2025-01-01T01:00:00+01:00', 'a'),
    version('2025-01-01T00:00:00Z', 'a'),
    version('2025-01-01T00:00:00Z', 'b'),
    version('2025-01-01T00:00:00.000000001Z', 'a'),
    version('2025-01-01T00:00:01Z', 'a'),
  ];
  expect([...ascending].reverse().sort(compareVersions)).toEqual([ascending[1], ascending[0], ...ascending.slice(2)]);
  expect(() => instantKeyOf('yesterday')).toThrow('unreadable instant');
});
