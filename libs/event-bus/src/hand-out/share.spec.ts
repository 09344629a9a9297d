import fc from 'fast-check';
import { shareOf } from './share.ts';

describe('shareOf', () => {
  test('gives each partition to exactly one member, in shares that differ by one at most', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 60 }), (members, partitions) => {
        const shares = members.map((member) => shareOf(member, members, partitions));
        const sizes = shares.map(({ length }) => length);
        expect(shares.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: partitions }, (_, i) => i));
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('gives nothing to who is not a member, and everything to who is alone', () => {
    expect(shareOf('c', ['a', 'b'], 4)).toEqual([]);
    expect(shareOf('a', ['a'], 3)).toEqual([0, 1, 2]);
  });
});
