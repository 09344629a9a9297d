import { createLogger } from '@heliograph/platform';

const log = createLogger('delivery');
/** Time for what is under way when the service stops; what is left is done again after the next start. */
const STOP_MS = 8_000;

/** What the loop asks of the work it drives. */
export interface LeasedWork<Job> {
  /** For the log: what is looked for. */
  readonly name: string;
  /** Jobs under way at a time. */
  readonly workers: number;
  /** Other processes add jobs too, without telling this one: it looks this often, in milliseconds. */
  readonly pollMs: number;
  /** Ends the leases of an earlier life of this process. Called once, before anything is leased. */
  release(): Promise<void>;
  lease(limit: number): Promise<readonly Job[]>;
  /** Milliseconds until a postponed job is due; null: none is. */
  nextDueMs(): Promise<number | null>;
  /** @throws when the job could not be settled: its lease ends by itself. `signal` aborts when the service cannot wait any longer. */
  work(job: Job, signal: AbortSignal): Promise<void>;
  failed(job: Job, error: unknown): void;
}

/** Keeps workers busy: leases jobs as soon as there are free workers and something is due. */
export class LeaseLoop<Job> {
  readonly #running = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #stopping = false;
  #signalled = false;
  #signal: () => void = () => undefined;

  constructor(private readonly leased: LeasedWork<Job>) {}

  start(): void {
    this.#loop = this.#run();
  }

  /** There may be something to do: jobs were added. */
  wake(): void {
    this.#signalled = true;
    this.#signal();
  }

  /** Takes nothing new from the first moment on; lets what is under way finish within 8 s. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.wake();
    const timer = setTimeout(() => this.#abort.abort(new Error('the service stops')), STOP_MS);
    await this.#loop;
    await Promise.all(this.#running);
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    let released = false;
    while (!this.#stopping) {
      this.#signalled = false;
      let pause = this.leased.pollMs;
      try {
        if (!released) await this.leased.release();
        released = true;
        pause = await this.#take();
      } catch (error) {
        log.warn({ err: error }, `cannot look for ${this.leased.name}; trying again`);
      }
      await this.#pause(pause);
    }
  }

  /** Starts what is due, as far as workers are free. @returns milliseconds until it makes sense to look again, unless signalled */
  async #take(): Promise<number> {
    const { workers, pollMs } = this.leased;
    const free = workers - this.#running.size;
    if (free === 0) return pollMs;
    const leased = await this.leased.lease(free);
    for (const job of leased) this.#start(job);
    if (leased.length > 0) return 0;
    return Math.min((await this.leased.nextDueMs()) ?? pollMs, pollMs);
  }

  #start(job: Job): void {
    const run: Promise<void> = this.leased
      .work(job, this.#abort.signal)
      .catch((error: unknown) => this.leased.failed(job, error))
      .finally(() => {
        this.#running.delete(run);
        this.wake();
      });
    this.#running.add(run);
  }

  #pause(ms: number): Promise<void> {
    if (this.#signalled || this.#stopping || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#signal = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
