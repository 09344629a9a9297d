import { createLogger, gauge } from '@heliograph/platform';
import type { DataSource } from 'typeorm';

const log = createLogger('engines');
const skew = gauge('heliograph_clock_ahead_seconds', "How far this machine's clock is ahead of PostgreSQL's; negative when it is behind");
const EVERY_MS = 30_000;
/** An answer that took longer says too little about the instant it was given at. */
const LONGEST_ANSWER_MS = 1_000;

/** What counts as now. */
export interface Clock {
  now(): Date;
}

/**
 * PostgreSQL's clock, by which all services of an instance agree on what has expired, whatever their machines think (ADR 0011). Asked now
 * and then; in between, and while PostgreSQL is away, it goes on by the monotonic clock of the process, which nobody sets.
 */
export class DatabaseClock implements Clock {
  readonly #dataSource: Pick<DataSource, 'query'>;
  /** Milliseconds from the start of the process's monotonic clock to the epoch of PostgreSQL's. */
  #origin = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(dataSource: Pick<DataSource, 'query'>) {
    this.#dataSource = dataSource;
  }

  /** @throws Error when PostgreSQL does not answer. */
  static async start(dataSource: Pick<DataSource, 'query'>): Promise<DatabaseClock> {
    const clock = new DatabaseClock(dataSource);
    await clock.set();
    clock.#timer = setInterval(() => void clock.set().catch((error: unknown) => log.debug({ err: error }, 'the clock was not set')), EVERY_MS).unref();
    return clock;
  }

  now(): Date {
    return new Date(this.#origin + performance.now());
  }

  /** Asks PostgreSQL what time it is. */
  async set(): Promise<void> {
    const asked = performance.now();
    const [row]: { ms: string }[] = await this.#dataSource.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms');
    const answered = performance.now();
    if (!row) throw new Error('a question for the time returned no row');
    if (this.#origin !== 0 && answered - asked > LONGEST_ANSWER_MS) return;
    this.#origin = Number(row.ms) - (asked + answered) / 2;
    skew.set((Date.now() - this.now().getTime()) / 1000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
