import { Accounts } from '@heliograph/accounts';
import { createLogger } from '@heliograph/platform';
import { ActorRefreshes, DeliveryJobs } from '@heliograph/social-graph';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { refreshesSeen } from './backfill/telemetry.ts';
import { queueSeen } from './telemetry.ts';

const log = createLogger('delivery');
const EVERY_MS = 10_000;

/** What has to be looked at now and then: the keys of deleted accounts, old dead jobs, actors that nobody looks at any more, the figures of the queues. */
@Injectable()
export class UpkeepFlow implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    @Inject(DeliveryJobs) private readonly jobs: DeliveryJobs,
    @Inject(ActorRefreshes) private readonly refreshes: ActorRefreshes,
    @Inject(Accounts) private readonly accounts: Pick<Accounts, 'forgetKey'>,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => (this.#running = this.#running.then(() => this.#tick())), EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** A deleted account's key goes when its last Delete is delivered or given up. In this order: a crash in between forgets it again. */
  async run(): Promise<void> {
    for (const actor of await this.jobs.departedWithoutJobs()) {
      await this.accounts.forgetKey(actor);
      await this.jobs.keyForgotten(actor);
    }
    await this.jobs.sweep();
    queueSeen(await this.jobs.stats());
    await this.refreshes.sweep();
    refreshesSeen(await this.refreshes.oldestDueSeconds());
  }

  async #tick(): Promise<void> {
    await this.run().catch((error: unknown) => log.warn({ err: error }, 'upkeep failed; the next one tries again'));
  }
}
