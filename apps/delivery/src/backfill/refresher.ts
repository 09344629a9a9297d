import { ActorRefreshes, type LeasedRefresh } from '@heliograph/social-graph';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LeaseLoop } from '../lease-loop.ts';
import { RefreshFlow } from './refresh.flow.ts';
import { refreshFailed } from './telemetry.ts';

/** Looks under way at a time. They are no hurry: a few keep up with ten thousands of actors an hour. */
const WORKERS = 4;
/** Of them at one host, so that it hardly notices. */
const PER_HOST = 2;
/** Longer than a look can take (its history has 40 s, and documents 10 s each). */
const LEASE_SECONDS = 90;
const POLL_MS = 5_000;

/** Drives the looks at remote actors. */
@Injectable()
export class Refresher implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #loop: LeaseLoop<LeasedRefresh>;

  constructor(@Inject(ActorRefreshes) refreshes: ActorRefreshes, @Inject(RefreshFlow) flow: RefreshFlow) {
    this.#loop = new LeaseLoop({
      name: 'remote actors to look at',
      workers: WORKERS,
      pollMs: POLL_MS,
      release: () => refreshes.releaseLeases(),
      lease: (limit) => refreshes.lease(limit, PER_HOST, LEASE_SECONDS),
      nextDueMs: () => refreshes.nextDueMs(),
      work: (job, signal) => flow.refresh(job, signal),
      failed: refreshFailed,
    });
  }

  onApplicationBootstrap(): void {
    this.#loop.start();
  }

  /** Somebody may have been followed, or looked for. */
  wake(): void {
    this.#loop.wake();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#loop.stop();
  }
}
