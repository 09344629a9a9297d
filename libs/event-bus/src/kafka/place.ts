import type { Commit, Commits } from './commits.ts';

/** How far a group is in a partition, as this member knows: what is committed only ever grows. */
export class Place {
  readonly #commits: Pick<Commits, 'add'>;
  readonly #where: Omit<Commit, 'next'>;
  #stored: bigint;
  /** The largest that is stored or on its way. */
  #asked: bigint;
  #asking: Promise<void> = Promise.resolve();

  /** @param committed null: the group has nothing here yet. */
  constructor(commits: Pick<Commits, 'add'>, where: Omit<Commit, 'next'>, committed: bigint | null) {
    this.#commits = commits;
    this.#where = where;
    this.#stored = this.#asked = committed ?? -1n;
  }

  /** Resolves when `next`, or more, is stored. @throws BusUnavailableError */
  store(next: bigint): Promise<void> {
    if (next <= this.#asked) return this.#asking;
    this.#asked = next;
    this.#asking = this.#store(next);
    return this.#asking;
  }

  async #store(next: bigint): Promise<void> {
    try {
      await this.#commits.add({ ...this.#where, next });
      if (next > this.#stored) this.#stored = next;
    } catch (error) {
      // Perhaps it is stored all the same. Then what is committed next may be smaller: the work behind it is done again in any case.
      this.#asked = this.#stored;
      this.#asking = Promise.resolve();
      throw error;
    }
  }
}
