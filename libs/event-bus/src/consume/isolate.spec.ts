import fc from 'fast-check';
import type { ReceivedMessage } from '../port.ts';
import { nextPiece } from './isolate.ts';

const message = (offset: number): ReceivedMessage => ({ key: 'k', value: '{}', headers: {}, timestamp: 0, offset: BigInt(offset) });

/** Works a batch off as the worker does; returns what was done, what was isolated, and how often a handler was called. */
function workOff(messages: readonly ReceivedMessage[], fails: (message: ReceivedMessage) => boolean) {
  const done: bigint[] = [];
  const isolated: bigint[] = [];
  let calls = 0;
  let failsBefore: bigint | null = null;
  for (let rest = messages; rest.length > 0; ) {
    const piece = nextPiece(rest, failsBefore);
    calls += 1;
    if (piece.some(fails)) {
      failsBefore = piece.at(-1)!.offset + 1n;
      if (piece.length > 1) continue;
      isolated.push(piece[0]!.offset);
    } else done.push(...piece.map(({ offset }) => offset));
    rest = rest.slice(piece.length);
  }
  return { done, isolated, calls };
}

describe('nextPiece', () => {
  test('sets aside exactly the failing messages and does the others in order, whatever fails', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(5_000), { minLength: 1, maxLength: 300 }), fc.array(fc.nat(5_000)), (offsets, failing) => {
        const sorted = offsets.sort((a, b) => a - b);
        const bad = new Set(failing.map(BigInt));
        const { done, isolated } = workOff(sorted.map(message), ({ offset }) => bad.has(offset));
        expect(done).toEqual(sorted.map(BigInt).filter((offset) => !bad.has(offset)));
        expect(isolated).toEqual(sorted.map(BigInt).filter((offset) => bad.has(offset)));
      }),
    );
  });

  test('finds one in 1,024 with at most two calls for each halving', () => {
    fc.assert(
      fc.property(fc.nat(1023), (bad) => {
        const { calls } = workOff(Array.from({ length: 1024 }, (_, i) => message(i)), ({ offset }) => offset === BigInt(bad));
        return calls <= 2 * 10 + 2;
      }),
    );
  });
});
