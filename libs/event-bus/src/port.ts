/**
 * The event bus, as the services see it. Two engines implement it: embedded (PostgreSQL) and Apache Kafka. Both pass the suite in
 * `contract-suite.ts` unchanged.
 *
 * Guarantees: messages with the same key keep their order; a partition has no gaps; every message is handed out at least once to each
 * group until its offset is committed; `publish` resolves only when the engine has the messages safe. A message whose confirmation got lost
 * on the way may be there more than once, the later ones behind others: the order of a key is that of the first arrivals.
 */
export interface BusMessage {
  /** Messages with the same key share a partition (see `partitioner.ts`). No U+0000. */
  readonly key: string;
  /** UTF-8 JSON, so no U+0000. Key, value and headers together take at most 1,000,000 bytes. */
  readonly value: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ReceivedMessage extends BusMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly offset: bigint;
  /** When the bus took it, milliseconds since the epoch. */
  readonly timestamp: number;
}

export interface Batch {
  readonly topic: string;
  readonly partition: number;
  /** In offset order, never empty. */
  readonly messages: readonly ReceivedMessage[];
}

export interface BatchContext {
  /**
   * Everything up to and including `offset` is done: a restart begins after it. Never moves a group backwards. Without a group nothing
   * is stored, but what is committed is not handed out again.
   * @throws BusUnavailableError when it is not stored: the engine does not answer, or the partition belongs to another member by now.
   */
  commit(offset: bigint): Promise<void>;
  /** Tells the engine that the consumer is alive in a long batch. @throws BusUnavailableError as `commit` does. */
  heartbeat(): Promise<void>;
  /**
   * One per assignment of the partition, the same in each of its batches. Aborted when the partition is about to go to another member, is
   * lost, or the subscription closes: come to an end soon. As long as the partition is not lost, what is finished can still be committed.
   */
  readonly signal: AbortSignal;
}

export interface SubscribeOptions {
  readonly topics: readonly string[];
  /** Members of one group share the partitions. `null`: this subscriber alone sees every message published from now on, and commits nothing. */
  readonly group: string | null;
  /** Most messages in one batch, 1–10,000; default 500. A batch is also bounded in bytes, so it may be smaller. */
  readonly maxBatch?: number;
  /**
   * Asked when a partition is assigned, with the group's committed next offset (null: none, the group begins with the oldest message).
   * Return an offset to start there instead (a restored database that is behind), or null to go on as committed. An offset outside of what
   * the partition holds means its nearer end. A throw asks again after a pause. Not asked without a group.
   */
  readonly startAt?: (topic: string, partition: number, committed: bigint | null) => Promise<bigint | null>;
  /**
   * Called one batch at a time for a partition, and for several partitions at once. Resolves when the batch is done; in a group, what it
   * did not commit is handed out again (at once after a commit of some, else after a pause). A throw hands what is not committed out again
   * after a pause: of one second, or of what a `RetryLater` says. Other partitions go on meanwhile.
   */
  readonly onBatch: (batch: Batch, context: BatchContext) => Promise<void>;
}

export interface Subscription {
  /** Stops handing out messages of these topics (all by default), keeps the assignment. */
  pause(topics?: readonly string[]): void;
  resume(topics?: readonly string[]): void;
  /** False while the engine has lost its connection or its group. */
  readonly ready: boolean;
  /** Finishes the running batch, then leaves the group. */
  close(): Promise<void>;
}

export interface GroupLag {
  readonly topic: string;
  readonly group: string;
  /** Messages not yet committed. */
  readonly messages: number;
  /** Age of the oldest of them, in seconds; 0 without any. */
  readonly seconds: number;
}

export interface EventBus {
  /**
   * Resolves when all are safe, in order per key.
   * @throws BusUnavailableError when the engine did not confirm, within 10 s at most: they may or may not be there.
   * @throws UnknownTopicError
   * @throws RangeError for a message that no engine takes (see `BusMessage`); none of the call is sent then.
   */
  publish(topic: string, messages: readonly BusMessage[]): Promise<void>;
  /**
   * Resolves when the subscription has begun: a message published afterwards is seen, also by a `group: null` subscriber.
   * @throws BusUnavailableError, UnknownTopicError
   */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** Of every group that a topic definition names. @throws BusUnavailableError */
  lag(): Promise<readonly GroupLag[]>;
  /** @throws BusUnavailableError when the engine does not answer. */
  ping(): Promise<void>;
  /** Closes the subscriptions, waits for what is being published, and gives its connections back. */
  close(): Promise<void>;
}

/** The engine did not confirm; try again later. */
export class BusUnavailableError extends Error {
  override readonly name = 'BusUnavailableError';
}

/** No topic definition has that name. */
export class UnknownTopicError extends Error {
  override readonly name = 'UnknownTopicError';

  constructor(topic: string) {
    super(`unknown topic "${topic}": it is not among the topic definitions of this event bus`);
  }
}

/** Thrown by `onBatch`: keep the partition, and hand out what is not committed again after `afterMs` milliseconds. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';

  constructor(
    readonly afterMs: number,
    options?: ErrorOptions,
  ) {
    super(`again in ${afterMs} ms`, options);
  }
}
