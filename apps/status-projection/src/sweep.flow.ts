import { createLogger, counter } from '@heliograph/platform';
import { sweepExpired } from '@heliograph/status-store';
import { Inject, Injectable, type OnApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';

const log = createLogger('status-projection');
const swept = counter('heliograph_sweep_erased_total', 'Texts of expired statuses erased');
const EVERY_MS = 30_000;
const BATCH = 1_000;

/** Expiry sends no event: the texts of statuses that expired, and that no history keeps, are erased by this sweep. */
@Injectable()
export class SweepFlow implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => (this.#running = this.#running.then(() => this.#sweep())), EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #sweep(): Promise<void> {
    try {
      for (let erased = BATCH; erased === BATCH; ) {
        erased = (await sweepExpired(this.dataSource, new Date(), BATCH)).length;
        swept.inc(erased);
      }
    } catch (error) {
      log.warn({ err: error }, 'sweep failed; the next one tries again');
    }
  }
}
