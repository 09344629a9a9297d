import { DeliveryJobs, type LeasedJob } from '@heliograph/social-graph';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LeaseLoop } from './lease-loop.ts';
import type { DeliveryOptions } from './ports.ts';
import { SendFlow } from './send.flow.ts';
import { attemptFailed } from './telemetry.ts';
import { OPTIONS } from './tokens.ts';

/** Deliveries to one host at a time, so that others get through while it is slow. */
const PER_HOST = 4;
/** Longer than an attempt can take (a POST has 10 s), and short enough that what a killed process had in hand goes out soon. */
const LEASE_SECONDS = 20;

/** Drives the deliveries. */
@Injectable()
export class Dispatcher implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #loop: LeaseLoop<LeasedJob>;

  constructor(@Inject(DeliveryJobs) jobs: DeliveryJobs, @Inject(SendFlow) sendFlow: SendFlow, @Inject(OPTIONS) { workers }: DeliveryOptions) {
    this.#loop = new LeaseLoop({
      name: 'deliveries',
      workers,
      pollMs: 1_000,
      release: () => jobs.releaseLeases(),
      lease: (limit) => jobs.lease(limit, PER_HOST, LEASE_SECONDS),
      nextDueMs: () => jobs.nextDueMs(),
      work: (job, signal) => sendFlow.deliver(job, signal),
      failed: attemptFailed,
    });
  }

  onApplicationBootstrap(): void {
    this.#loop.start();
  }

  /** There may be something to do: jobs were added. */
  wake(): void {
    this.#loop.wake();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#loop.stop();
  }
}
