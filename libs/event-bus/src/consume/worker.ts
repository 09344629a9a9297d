import { counter, createLogger, histogram } from '@heliograph/platform';
import { DEAD_LETTER_TOPIC } from '../check-messages.ts';
import { describeError } from '../describe-error.ts';
import type { Batch, BatchContext, EventBus, ReceivedMessage, SubscribeOptions, Subscription } from '../port.ts';
import { handleTraced, inTraceOf } from '../trace.ts';
import { blameOf } from './blame.ts';
import { nextPiece } from './isolate.ts';
import { PartitionState, type StalledPartition } from './stall.ts';

const log = createLogger('event-bus');
/** A message that fails so often, alone, is to blame itself. */
const ATTEMPTS = 3;
/** An unknown message waits for a deploy. */
const UNKNOWN_RETRY_MS = 30_000;

const labels = ['topic', 'group'];
const done = counter('heliograph_consumer_messages_total', 'Messages whose work is done and committed', labels);
const deadLetters = counter('heliograph_consumer_dead_letters_total', 'Messages set aside because they fail by themselves', labels);
const batchSeconds = histogram('heliograph_consumer_batch_seconds', 'Time that a handler took for one batch', labels);
const batchSizes = histogram('heliograph_consumer_batch_messages', 'Messages in one batch', labels, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]);

/** What a handler may do beside its work. The worker commits. */
export type WorkContext = Pick<BatchContext, 'signal' | 'heartbeat'>;

export interface WorkerOptions extends Pick<SubscribeOptions, 'group' | 'maxBatch' | 'startAt'> {
  readonly bus: EventBus;
  readonly topic: string;
  /** Where messages go that fail by themselves. */
  readonly deadLetterTopic: string;
  /**
   * Does the work; resolves when everything of the batch is done and safe. It may be handed any part of it again, so it must be idempotent.
   * What it throws decides what happens next (see `Worker`).
   */
  readonly handle: (batch: Batch, context: WorkContext) => Promise<void>;
  /** Milliseconds until an unknown message is tried again; default 30,000. */
  readonly unknownRetryMs?: number;
}

export interface WorkerState {
  readonly topic: string;
  readonly group: string | null;
  /** False while the bus is away, or a partition waits for a dependency or for a release that knows its message. */
  readonly ready: boolean;
  readonly stalled: readonly StalledPartition[];
}

/**
 * Consumes a topic by the rule that nothing is lost and nothing is skipped in silence. Offsets are committed after the work. When it fails:
 * - a dependency is away: the partition keeps its place and tries again, after 100 ms doubling to 10 s, for as long as it takes;
 * - `UnknownMessageError`: the partition stops before that message and says so; it is tried again now and then, since a deploy may come;
 * - anything else: the batch is halved until one message is left. If that fails three times, it goes to the dead letters with the headers
 *   `dead-letter-topic`, `-partition`, `-offset`, `-group` and `-error`, and the work goes on behind it.
 *
 * Messages before and after a failing one are done, in order. Without a group, a message that fails by itself is only logged and counted:
 * such subscribers show what others have stored.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #labels: { readonly topic: string; readonly group: string };
  /** By partition, as long as it is assigned to us. */
  readonly #partitions = new Map<number, PartitionState>();
  #subscription: Subscription | null = null;

  private constructor(options: WorkerOptions) {
    this.#options = options;
    this.#labels = { topic: options.topic, group: options.group ?? 'none' };
  }

  /** Resolves when the subscription has begun. @throws BusUnavailableError, UnknownTopicError */
  static async start(options: WorkerOptions): Promise<Worker> {
    const { bus, topic, group, maxBatch, startAt } = options;
    const worker = new Worker(options);
    worker.#subscription = await bus.subscribe({ topics: [topic], group, maxBatch, startAt, onBatch: (batch, context) => worker.#work(batch, context) });
    return worker;
  }

  get state(): WorkerState {
    const { topic, group } = this.#options;
    const stalled = [...this.#partitions.values()].flatMap(({ stall }) => stall ?? []);
    const ready = (this.#subscription?.ready ?? false) && stalled.every(({ reason }) => reason === 'message');
    return { topic, group, ready, stalled };
  }

  /** Finishes the running batches and leaves. */
  async close(): Promise<void> {
    await this.#subscription?.close();
  }

  async #work(batch: Batch, context: BatchContext): Promise<void> {
    if (context.signal.aborted) return;
    const state = this.#stateOf(batch.partition, context.signal);
    for (let rest = batch.messages; rest.length > 0 && !context.signal.aborted; ) {
      const piece = nextPiece(rest, state.failsBefore);
      const failure = await this.#attempt({ ...batch, messages: piece }, context);
      if (failure) {
        // It was told to stop, and did.
        if (context.signal.aborted) return;
        if (!(await this.#failed(state, { ...batch, messages: piece }, failure.error))) continue;
      } else done.inc(this.#labels, piece.length);
      await this.#commit(state, piece.at(-1)!, context);
      state.clear();
      rest = rest.slice(piece.length);
    }
  }

  async #attempt(batch: Batch, { signal, heartbeat }: BatchContext): Promise<{ readonly error: unknown } | null> {
    const { topic, group } = this.#labels;
    batchSizes.observe({ topic, group }, batch.messages.length);
    const stop = batchSeconds.startTimer({ topic, group });
    try {
      await handleTraced(batch, group, (traced) => this.#options.handle(traced, { signal, heartbeat }));
      return null;
    } catch (error) {
      return { error };
    } finally {
      stop();
    }
  }

  /** @returns whether the batch, a single message then, is to be passed over. @throws RetryLater when it is to wait. */
  async #failed(state: PartitionState, batch: Batch, error: unknown): Promise<boolean> {
    const blame = blameOf(error);
    if (blame === 'dependency') throw state.failed(blame, error);
    const [message, ...others] = batch.messages;
    state.failsBefore = batch.messages.at(-1)!.offset + 1n;
    if (others.length > 0) return false;
    if (blame === 'unknown-message') throw state.failed(blame, error, this.#options.unknownRetryMs ?? UNKNOWN_RETRY_MS);
    const again = state.failed(blame, error);
    if (state.failures < ATTEMPTS) throw again;
    await inTraceOf(message!, () => this.#setAside(state, batch, message!, error));
    return true;
  }

  async #setAside(state: PartitionState, { topic, partition }: Batch, message: ReceivedMessage, error: unknown): Promise<void> {
    const { bus, group, deadLetterTopic } = this.#options;
    if (group !== null) {
      const headers = {
        ...message.headers,
        [DEAD_LETTER_TOPIC]: topic,
        'dead-letter-partition': String(partition),
        'dead-letter-offset': String(message.offset),
        'dead-letter-group': group,
        'dead-letter-error': describeError(error).slice(0, 1_000),
      };
      try {
        await bus.publish(deadLetterTopic, [{ key: message.key, value: message.value, headers }]);
      } catch (failure) {
        throw state.failed('dependency', failure);
      }
    }
    deadLetters.inc(this.#labels);
    log.error({ ...this.#labels, partition, offset: String(message.offset), error: describeError(error) }, 'a message fails by itself and is set aside');
  }

  async #commit(state: PartitionState, { offset }: ReceivedMessage, context: BatchContext): Promise<void> {
    try {
      await context.commit(offset);
    } catch (error) {
      throw state.failed('dependency', error);
    }
  }

  /** Knows what happened before in the same assignment; a new one begins afresh. */
  #stateOf(partition: number, signal: AbortSignal): PartitionState {
    const known = this.#partitions.get(partition);
    if (known) return known;
    const { topic, group } = this.#labels;
    const state = new PartitionState(topic, group, partition);
    this.#partitions.set(partition, state);
    signal.addEventListener('abort', () => {
      state.end();
      this.#partitions.delete(partition);
    });
    return state;
  }
}
