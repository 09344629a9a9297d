// What senders did and what they were told: the first half of what the checker compares.

/**
 * An entry for one thing that a sender wants done, however often he has to ask for it.
 * @param about see `Told` in checker.d.mts
 */
export const entryOf = (about) => ({ ...about, first: Date.now(), last: Date.now(), acknowledgedAt: null, answer: 'nothing yet', refused: false });

export class Ledger {
  entries = [];

  open(about) {
    const entry = entryOf(about);
    this.entries.push(entry);
    return entry;
  }

  get acknowledged() {
    return this.entries.filter(({ acknowledgedAt }) => acknowledgedAt !== null).length;
  }

  /** Opened, not refused, not given up, and not acknowledged. */
  get waiting() {
    return this.entries.filter(({ acknowledgedAt, refused, givenUp }) => acknowledgedAt === null && !refused && !givenUp).length;
  }
}
