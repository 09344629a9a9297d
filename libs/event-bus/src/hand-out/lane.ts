import { createLogger } from '@heliograph/platform';
import { describeError } from '../describe-error.ts';
import { type BatchContext, BusUnavailableError, type ReceivedMessage, RetryLater, type SubscribeOptions } from '../port.ts';

const log = createLogger('event-bus');
/** After a batch that failed, or that ended without a commit. */
const PAUSE_MS = 1_000;

export interface LaneOptions {
  readonly topic: string;
  readonly partition: number;
  readonly partitionId: number;
  /** Offset of the first message to hand out. */
  readonly position: bigint;
  readonly onBatch: SubscribeOptions['onBatch'];
  /** Stores that everything before `next` is done; null for a subscriber without a group. */
  readonly store: ((next: bigint) => Promise<void>) | null;
}

/** One assignment of one partition: where it stands, and what its consumer may do. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #assignment = new AbortController();
  #position: bigint;
  #heldUntil = 0;
  #lost = false;
  /** When it was last served (`performance.now()`): the longest waiting goes first. */
  servedAt = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#position = options.position;
  }

  get topic(): string {
    return this.#options.topic;
  }

  get partitionId(): number {
    return this.#options.partitionId;
  }

  get position(): bigint {
    return this.#position;
  }

  /** Milliseconds until it may be served again; 0: now. */
  get heldFor(): number {
    return Math.max(0, this.#heldUntil - performance.now());
  }

  /** Goes on at `offset`, wherever it stood. */
  seek(offset: bigint): void {
    this.#position = offset;
  }

  /** The assignment is about to end; the consumer may still commit what it finishes. */
  end(): void {
    this.#assignment.abort();
  }

  /** The partition may be another's already: nothing can be committed any more. */
  lose(): void {
    this.#lost = true;
    this.#assignment.abort();
  }

  /** Hands the messages out. Never rejects: a failure holds the lane for a while. */
  async run(messages: readonly ReceivedMessage[]): Promise<void> {
    const { topic, partition, onBatch, store } = this.#options;
    const before = this.#position;
    try {
      await onBatch({ topic, partition, messages }, this.#context());
      if (!store) this.#done(messages.at(-1)!.offset);
      else if (this.#position === before) this.#hold(PAUSE_MS);
    } catch (error) {
      this.#hold(error instanceof RetryLater ? error.afterMs : PAUSE_MS);
      if (!(error instanceof RetryLater)) log.warn({ topic, partition, reason: describeError(error) }, 'a batch failed; it is handed out again');
    }
  }

  #done(offset: bigint): void {
    if (offset >= this.#position) this.#position = offset + 1n;
  }

  #hold(ms: number): void {
    this.#heldUntil = performance.now() + ms;
  }

  #context(): BatchContext {
    return {
      signal: this.#assignment.signal,
      heartbeat: async () => this.#assertOwned(),
      commit: async (offset) => {
        this.#assertOwned();
        await this.#options.store?.(offset + 1n);
        this.#done(offset);
      },
    };
  }

  #assertOwned(): void {
    if (this.#lost) throw new BusUnavailableError(`partition ${this.#options.partition} of ${this.#options.topic} is no longer ours`);
  }
}
