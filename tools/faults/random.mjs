// Chance that can be repeated: the same seed gives the same numbers.

/** mulberry32: 32 bits of state are plenty for choosing faults. */
function numbersFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A number for a name, so that each part of a run has chance of its own and none disturbs another's. */
const hashOf = (text) => [...text].reduce((hash, letter) => Math.imul(hash ^ letter.codePointAt(0), 0x01000193), 0x811c9dc5) >>> 0;

/** @param {number} seed any integer; @param {string} name which part of the run asks */
export function randomOf(seed, name) {
  const next = numbersFrom(seed ^ hashOf(name));
  const below = (count) => Math.floor(next() * count);
  return {
    /** Whether something of probability `p` happens. */
    chance: (p) => next() < p,
    /** A whole number from `from` to `to`, both included. */
    between: (from, to) => from + below(to - from + 1),
    pick: (items) => items[below(items.length)],
    shuffle(items) {
      const shuffled = [...items];
      for (let last = shuffled.length - 1; last > 0; last -= 1) {
        const other = below(last + 1);
        [shuffled[last], shuffled[other]] = [shuffled[other], shuffled[last]];
      }
      return shuffled;
    },
  };
}
