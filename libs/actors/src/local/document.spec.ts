import fc from 'fast-check';
import { formatHead, parseHead } from './document.ts';

const natural = fc.maxSafeNat();

describe('what Redis says of a document', () => {
  test('is read as it was written', () => {
    const made = fc.record({
      version: fc.record({ account: natural, status: natural }),
      document: fc.record({
        status: fc.constantFrom(200 as const, 410 as const),
        etag: fc.stringMatching(/^"[\w-]{22}"$/),
        endsAt: fc.option(natural),
        body: fc.constant(Buffer.from('{}')),
      }),
    });
    fc.assert(
      fc.property(natural, made, (claimedAt, written) => {
        const { body: _, ...document } = written.document;
        expect(parseHead(formatHead({ kind: 'claim', claimedAt }, written))).toEqual({ kind: 'document', claimedAt, version: written.version, ...document });
      }),
    );
    expect(parseHead(formatHead({ kind: 'claim', claimedAt: 5 }, null))).toEqual({ kind: 'unknown', claimedAt: 5 });
    expect(parseHead('c 5 abc')).toEqual({ kind: 'claim', claimedAt: 5 });
  });

  test.each(['', 'x 5', 'd 5', 'd 5 1 200 - "a"', 'd 5 1.1 500 - "a"', 'd 5 1.1 200 - a', 'c', 'c x abc', '{"v":2}'])('%j of another release counts as nothing', (text) => {
    expect(parseHead(text)).toBeNull();
  });
});
