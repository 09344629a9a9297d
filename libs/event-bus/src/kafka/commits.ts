/** Where a group is to go on in a partition. */
export interface Commit {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the first message that is not done. */
  readonly next: bigint;
}

/** Stores offsets in few requests: one is under way, and what comes meanwhile goes together in the next. */
export class Commits {
  readonly #store: (commits: readonly Commit[]) => Promise<void>;
  #waiting = new Map<string, Commit>();
  #next: Promise<void> | null = null;
  #running: Promise<void> = Promise.resolve();

  /** @param store settles within seconds; rejects when it is not known that all are stored. */
  constructor(store: (commits: readonly Commit[]) => Promise<void>) {
    this.#store = store;
  }

  /** Resolves when it is stored. A partition's later commit takes the place of one that still waits: its offset must be larger. */
  add(commit: Commit): Promise<void> {
    this.#waiting.set(`${commit.topic} ${commit.partition}`, commit);
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(running: Promise<void>): Promise<void> {
    await running.catch(() => undefined);
    const commits = [...this.#waiting.values()];
    this.#waiting = new Map();
    this.#next = null;
    this.#running = this.#store(commits);
    await this.#running;
  }
}
