import { createLogger, gauge } from '@heliograph/platform';
import { backoff } from '../backoff.ts';
import { describeError } from '../describe-error.ts';
import { RetryLater } from '../port.ts';
import type { Blame } from './blame.ts';

const log = createLogger('event-bus');
const stalled = gauge('heliograph_consumer_stalled_partitions', 'Partitions whose consumer cannot go on, by what it waits for', ['topic', 'group', 'reason']);

/** A partition that cannot go on. */
export interface StalledPartition {
  readonly partition: number;
  /** `message`: it is about to be tried again, or set aside as a dead letter. */
  readonly reason: Blame;
  /** What happened last, without people's words. */
  readonly error: string;
  /** Since when, milliseconds since the epoch. */
  readonly since: number;
}

/** What a worker remembers of one partition between two attempts. */
export class PartitionState {
  readonly #labels: { readonly topic: string; readonly group: string };
  readonly #partition: number;
  #stall: StalledPartition | null = null;
  #failures = 0;
  #ended = false;
  /** A failure lies before this offset (see `nextPiece`). */
  failsBefore: bigint | null = null;

  constructor(topic: string, group: string, partition: number) {
    this.#labels = { topic, group };
    this.#partition = partition;
  }

  get stall(): StalledPartition | null {
    return this.#stall;
  }

  /** Failures in a row for the same reason. */
  get failures(): number {
    return this.#failures;
  }

  /** Notes the failure. @returns what to throw, so that the bus hands the messages out again. */
  failed(reason: Blame, error: unknown, afterMs = backoff(this.#stall?.reason === reason ? this.#failures : 0)): RetryLater {
    if (this.#ended) return new RetryLater(afterMs, { cause: error });
    if (this.#stall?.reason !== reason) {
      this.clear();
      stalled.inc({ ...this.#labels, reason });
      log.warn({ ...this.#labels, partition: this.#partition, reason, error: describeError(error) }, 'a partition waits');
    }
    this.#failures += 1;
    this.#stall = { partition: this.#partition, reason, error: describeError(error), since: this.#stall?.since ?? Date.now() };
    return new RetryLater(afterMs, { cause: error });
  }

  /** The partition is no longer ours: whatever its last batch still says is not our trouble. */
  end(): void {
    this.clear();
    this.#ended = true;
  }

  /** It goes on. */
  clear(): void {
    this.#failures = 0;
    if (!this.#stall) return;
    stalled.dec({ ...this.#labels, reason: this.#stall.reason });
    log.info({ ...this.#labels, partition: this.#partition, reason: this.#stall.reason }, 'a partition no longer waits');
    this.#stall = null;
  }
}
