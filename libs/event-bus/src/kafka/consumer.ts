import { createLogger } from '@heliograph/platform';
import type { Batch, Cluster, Consumer, EachBatchPayload, IMemberAssignment } from 'kafkajs';
import { describeError } from '../describe-error.ts';
import { BusUnavailableError } from '../port.ts';
import { assignerWith } from './assigner.ts';
import { KafkaClient, type KafkaConnection } from './client.ts';
import type { Commit } from './commits.ts';
import { unavailable, within } from './errors.ts';

const log = createLogger('event-bus');
/** A fetch waits so long for messages; what was not to be fetched when it began waits with it. */
const FETCH_WAIT_MS = 100;
const FETCH_BYTES = 4_000_000;
const PARTITION_BYTES = 500_000;
/** Batches that kafkajs hands over at a time: taking one is a matter of microseconds, unless its partition has no room for a moment. */
const CONCURRENCY = 64;
/** How long a group waits for its members to finish what they do and join again. */
const REBALANCE_MS = 15_000;
/** About three seconds. A rebalance that waits for running batches uses the same (see `BatchesRunning`), and must not wait longer. */
const RETRY = { initialRetryTime: 100, factor: 0.2, multiplier: 2, maxRetryTime: 1_000, retries: 6 };
/** Heartbeats in a session. */
const BEATS = 10;
/** Part of a session without a sign of life after which we count as cut off. A rebalance takes less. */
const SILENT_SHARE = 0.6;
const CONNECT_MS = 5_000;
const COMMIT_MS = 6_000;
const LEAVE_MS = 3_000;

export interface ConsumerHandlers {
  /** Right before this member joins, first or again: from now on it owns nothing. May throw `BatchesRunning` to be asked again in a moment. */
  beforeJoin(): void;
  joined(assignment: IMemberAssignment): void;
  /** Takes the messages at once. @returns what to wait for before more are fetched, milliseconds at most; null when it does not take them. */
  received(batch: Batch): Promise<void> | null;
}

export interface ConsumerOptions {
  readonly connection: KafkaConnection;
  readonly groupId: string;
  readonly topics: readonly string[];
  /** A member that has not been heard of for so long is out of the group. */
  readonly sessionMs: number;
  readonly handlers: ConsumerHandlers;
  /** What the last life was called in the group; null without one. */
  readonly formerMember: string | null;
}

/** What kafkajs's types leave out of its `Broker`. */
interface Coordinator {
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
}

/**
 * One life of a kafkajs consumer: from joining the group until it is closed or kafkajs gives up on it. It only fetches; because taking a
 * batch over never takes long, heartbeats go on and rebalances are noticed while the messages are worked on.
 */
export class KafkaConsumer {
  readonly #options: ConsumerOptions;
  readonly #client: KafkaClient;
  readonly #consumer: Consumer;
  readonly #watch: NodeJS.Timeout;
  #commitOffsets: EachBatchPayload['commitOffsetsIfNecessary'] | null = null;
  #lastSign = performance.now();
  #joined = false;
  #cluster: Cluster | null = null;
  /** What it is called in the group; null before it has joined. */
  memberId: string | null = null;
  #end!: (reason: unknown) => void;
  /** Resolves with the reason when kafkajs gives up, or has not been heard of for too long. */
  readonly ended = new Promise<unknown>((resolve) => (this.#end = resolve));

  constructor(options: ConsumerOptions) {
    const { connection, groupId, sessionMs, handlers } = options;
    this.#options = options;
    // Not patient: kafkajs asks the coordinator of old until it gives up, and a new life finds the new one at once.
    this.#client = new KafkaClient(connection, { ...RETRY, retries: 2 });
    this.#consumer = this.#client.kafka.consumer({
      groupId,
      partitionAssigners: [
        (config) => {
          this.#cluster = config.cluster;
          return assignerWith(() => handlers.beforeJoin())(config);
        },
      ],
      sessionTimeout: sessionMs,
      rebalanceTimeout: REBALANCE_MS,
      heartbeatInterval: sessionMs / BEATS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytes: FETCH_BYTES,
      maxBytesPerPartition: PARTITION_BYTES,
      allowAutoTopicCreation: false,
      retry: { ...RETRY, restartOnFailure: async () => false },
    });
    this.#listen();
    this.#watch = setInterval(() => this.#watchOver(), 1_000).unref();
  }

  /** Whether it is in the group and hears from the brokers. */
  get alive(): boolean {
    return this.#joined && performance.now() - this.#lastSign < SILENT_SHARE * this.#options.sessionMs;
  }

  /** Resolves when it has joined the group. @throws BusUnavailableError */
  async start(): Promise<void> {
    const { topics } = this.#options;
    const starting = async (): Promise<void> => {
      await within(CONNECT_MS, 'connecting', this.#consumer.connect());
      await this.#sayFarewell();
      await this.#consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: CONCURRENCY,
        eachBatch: (payload) => this.#take(payload),
      });
      // When joining fails, `run` resolves all the same.
      if (!this.#joined) throw await this.ended;
    };
    try {
      const running = starting();
      running.catch(() => undefined);
      await Promise.race([running, this.ended.then((reason) => Promise.reject(unavailable(reason)))]);
    } catch (error) {
      this.#end(error);
      throw unavailable(error);
    }
  }

  /** Fetches a partition that is assigned, and goes on at `offset`. */
  begin(topic: string, partition: number, offset: bigint): void {
    this.#consumer.seek({ topic, partition, offset: offset.toString() });
    this.resume(topic, partition);
  }

  pause(topic: string, partitions: readonly number[]): void {
    this.#consumer.pause([{ topic, partitions: [...partitions] }]);
  }

  resume(topic: string, partition: number): void {
    this.#consumer.resume([{ topic, partitions: [partition] }]);
  }

  /**
   * Not by `consumer.commitOffsets`: that says nothing when kafkajs has just stopped, and tries again after a rebalance, when the partition
   * may be another's and further. The caller makes sure that this member has not begun to join anew since it was assigned the partitions.
   * @throws BusUnavailableError
   */
  async commit(commits: readonly Commit[]): Promise<void> {
    if (!this.#commitOffsets) throw new BusUnavailableError('nothing was received yet');
    const topics = [...Map.groupBy(commits, ({ topic }) => topic)].map(([topic, some]) => ({
      topic,
      partitions: some.map(({ partition, next }) => ({ partition, offset: next.toString() })),
    }));
    try {
      await within(COMMIT_MS, 'committing', this.#commitOffsets({ topics }));
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** Leaves the group, as far as the brokers answer. */
  async close(): Promise<void> {
    clearInterval(this.#watch);
    await within(LEAVE_MS, 'leaving', this.#consumer.disconnect()).catch((error: unknown) => log.debug({ reason: describeError(error) }, 'left without a word'));
    this.#joined = false;
    this.#client.destroy();
  }

  /** A member that gave up is waited for by the group until its session is over, unless somebody says that it is gone. */
  async #sayFarewell(): Promise<void> {
    const { groupId, formerMember: memberId } = this.#options;
    if (!memberId || !this.#cluster) return;
    try {
      const coordinator = (await within(LEAVE_MS, 'finding the coordinator', this.#cluster.findGroupCoordinator({ groupId }))) as unknown as Coordinator;
      await within(LEAVE_MS, 'leaving', coordinator.leaveGroup({ groupId, memberId }));
    } catch (error) {
      log.debug({ group: groupId, reason: describeError(error) }, 'the former member was gone already, or its session has to end');
    }
  }

  async #take({ batch, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
    this.#commitOffsets = commitOffsetsIfNecessary;
    const taken = this.#options.handlers.received(batch);
    if (!taken) return;
    resolveOffset(batch.lastOffset());
    await taken;
  }

  #listen(): void {
    const { events } = this.#consumer;
    this.#consumer.on(events.HEARTBEAT, () => this.#heard());
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => {
      this.#heard();
      this.#joined = true;
      this.memberId = payload.memberId;
      this.#options.handlers.joined(payload.memberAssignment);
    });
    // kafkajs would go on asking on the connection that does not answer.
    this.#consumer.on(events.REQUEST_TIMEOUT, () => this.#client.cut());
    this.#consumer.on(events.CRASH, ({ payload }) => {
      this.#joined = false;
      this.#end(payload.error);
    });
  }

  #heard(): void {
    this.#lastSign = performance.now();
  }

  /** Whatever it may be that kafkajs waits for: it is not coming. */
  #watchOver(): void {
    const { sessionMs } = this.#options;
    const silentMs = performance.now() - this.#lastSign;
    if (silentMs > sessionMs + 2 * REBALANCE_MS) this.#end(new Error(`no answer for ${Math.round(silentMs / 1_000)} s`));
  }
}
