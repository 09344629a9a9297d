/**
 * The event bus, as the services see it. Two engines implement it: embedded (PostgreSQL) and Apache Kafka. Both pass the suite in
 * `contract-suite.ts` unchanged.
 *
 * Guarantees: messages with the same key keep their order; a partition has no gaps; every message is handed out at least once to each
 * group until its offset is committed; `publish` resolves only when the engine has the messages safe.
 */
export interface BusMessage {
  readonly key: string;
  /** UTF-8 JSON. */
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
  /** Everything up to and including `offset` is done: a restart begins after it. Never moves a group backwards. */
  commit(offset: bigint): Promise<void>;
  /** Tells the engine that the consumer is alive in a long batch. */
  heartbeat(): Promise<void>;
  /** Aborted when the partition is taken away or the subscription closes. */
  readonly signal: AbortSignal;
}

export interface SubscribeOptions {
  readonly topics: readonly string[];
  /** Members of one group share the partitions. `null`: this subscriber alone sees every message published from now on, and commits nothing. */
  readonly group: string | null;
  /** Most messages in one batch; default 500. */
  readonly maxBatch?: number;
  /**
   * Asked when a partition is assigned, with the group's committed next offset (null: none). Return an offset to start there instead
   * (a restored database that is behind), or null to go on as committed.
   */
  readonly startAt?: (topic: string, partition: number, committed: bigint | null) => Promise<bigint | null>;
  /** Resolves when the batch is done. What it did not commit is handed out again; a throw hands the batch out again after a pause. */
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
  /** Resolves when all are safe, in order per key. @throws BusUnavailableError when the engine did not confirm: they may or may not be there. */
  publish(topic: string, messages: readonly BusMessage[]): Promise<void>;
  /** Resolves when the subscription has begun: a message published afterwards is seen, also by a `group: null` subscriber. */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  lag(): Promise<readonly GroupLag[]>;
  /** Rejects when the engine does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The engine did not confirm; try again later. */
export class BusUnavailableError extends Error {
  override readonly name = 'BusUnavailableError';
}
