import { createLogger } from '@heliograph/platform';
import { DeliveryJobs, type LeasedJob } from '@heliograph/social-graph';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { DeliveryOptions } from './ports.ts';
import { SendFlow } from './send.flow.ts';
import { attemptFailed } from './telemetry.ts';
import { OPTIONS } from './tokens.ts';

const log = createLogger('delivery');
/** Deliveries to one host at a time, so that others get through while it is slow. */
const PER_HOST = 4;
/** Longer than an attempt can take (a POST has 10 s), and short enough that what a killed process had in hand goes out soon. */
const LEASE_SECONDS = 20;
/** Other processes add jobs too, without telling this one. */
const POLL_MS = 1_000;
/** Time for what is under way when the service stops; what is left then goes out again after the next start. */
const STOP_MS = 8_000;

/** Keeps the workers busy: leases jobs as soon as there are free workers and something is due. */
@Injectable()
export class Dispatcher implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #running = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #stopping = false;
  #signalled = false;
  #signal: () => void = () => undefined;

  constructor(
    @Inject(DeliveryJobs) private readonly jobs: DeliveryJobs,
    @Inject(SendFlow) private readonly sendFlow: SendFlow,
    @Inject(OPTIONS) private readonly options: DeliveryOptions,
  ) {}

  onApplicationBootstrap(): void {
    this.#loop = this.#run();
  }

  /** There may be something to do: jobs were added. */
  wake(): void {
    this.#signalled = true;
    this.#signal();
  }

  /** Takes nothing new from the first moment of the stop; lets what is under way finish within 8 s. */
  async onModuleDestroy(): Promise<void> {
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
      let pause = POLL_MS;
      try {
        if (!released) await this.jobs.releaseLeases();
        released = true;
        pause = await this.#take();
      } catch (error) {
        log.warn({ err: error }, 'cannot look for deliveries; trying again');
      }
      await this.#pause(pause);
    }
  }

  /** Starts what is due, as far as workers are free. @returns milliseconds until it makes sense to look again, unless signalled */
  async #take(): Promise<number> {
    const free = this.options.workers - this.#running.size;
    if (free === 0) return POLL_MS;
    const leased = await this.jobs.lease(free, PER_HOST, LEASE_SECONDS);
    for (const job of leased) this.#start(job);
    if (leased.length > 0) return 0;
    return Math.min((await this.jobs.nextDueMs()) ?? POLL_MS, POLL_MS);
  }

  #start(job: LeasedJob): void {
    const run: Promise<void> = this.sendFlow
      .deliver(job, this.#abort.signal)
      .catch((error: unknown) => attemptFailed(job, error))
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
