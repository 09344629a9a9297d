import { Accounts } from '@heliograph/accounts';
import { createLogger } from '@heliograph/platform';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

const log = createLogger('gateway');
const EVERY_MS = 3_600_000;

/** Idempotency keys are promised for a day; older ones go. */
@Injectable()
export class ForgetIdempotencyKeys implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;

  constructor(@Inject(Accounts) private readonly accounts: Accounts) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.accounts.sweepIdempotencyKeys().catch((error: unknown) => log.warn({ err: error }, 'idempotency keys not swept; the next hour tries again'));
    }, EVERY_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }
}
