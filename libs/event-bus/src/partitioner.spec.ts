import fc from 'fast-check';
import { murmur2, partitionOf } from './partitioner.ts';

describe('murmur2', () => {
  // The vectors of Apache Kafka's own UtilsTest.testMurmur2.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %j as the Java client does', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  test('reads a view into a larger buffer', () => {
    expect(murmur2(Buffer.from('--foobar--').subarray(2, 8))).toBe(-790332482);
  });
});

describe('partitionOf', () => {
  test('is one of the partitions, also for a negative hash', () => {
    // toPositive(-973932308) % 24, worked out by hand: (-973932308 & 0x7fffffff) = 1173551340.
    expect(partitionOf('21', 24)).toBe(1173551340 % 24);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 100 }), (key, partitions) => {
        const partition = partitionOf(key, partitions);
        return Number.isInteger(partition) && partition >= 0 && partition < partitions;
      }),
    );
  });

  test('spreads keys evenly', () => {
    const counts = new Array<number>(24).fill(0);
    for (let i = 0; i < 24_000; i += 1) counts[partitionOf(`https://remote.example/users/${i}`, 24)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1150);
  });
});
