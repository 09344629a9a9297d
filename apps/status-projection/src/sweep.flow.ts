import { type Clock, DatabaseClock } from '@heliograph/engines';
import { createLogger, counter } from '@heliograph/platform';
import { eraseDue, sweepExpired } from '@heliograph/status-store';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';

const log = createLogger('status-projection');
const swept = counter('heliograph_sweep_erased_total', 'Texts erased after the fact: of expired statuses, and of long histories');
const EVERY_MS = 5_000;
const BATCH = 1_000;

/**
 * Expiry sends no event: the texts of statuses that expired, and that no history keeps, are erased by this sweep; so is what a long history
 * has left after its end, piece by piece. Readers see none of it meanwhile.
 */
@Injectable()
export class SweepFlow implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | null = null;
  #stopping = false;

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(DatabaseClock) private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.#sweep().finally(() => (this.#running = null));
    }, EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #sweep(): Promise<void> {
    try {
      await this.#untilNothing(async () => (await sweepExpired(this.dataSource, this.clock.now(), BATCH)).length);
      await this.#untilNothing(() => eraseDue(this.dataSource, BATCH));
    } catch (error) {
      log.warn({ err: error }, 'sweep failed; the next one tries again');
    }
  }

  /** One short transaction after the other; what is left at a stop is done after the next start. */
  async #untilNothing(step: () => Promise<number>): Promise<void> {
    for (let erased = await step(); erased > 0 && !this.#stopping; erased = await step()) swept.inc(erased);
  }
}
