import { setTimeout as sleep } from 'node:timers/promises';
import type { TopicDefinition } from '@heliograph/contracts';
import { createLogger } from '@heliograph/platform';
import type { Batch as KafkaBatch, IMemberAssignment } from 'kafkajs';
import { backoff } from '../backoff.ts';
import { describeError } from '../describe-error.ts';
import { Lane } from '../hand-out/lane.ts';
import { Reader } from '../hand-out/reader.ts';
import { BusUnavailableError, type SubscribeOptions } from '../port.ts';
import type { Extent } from './admin.ts';
import { BatchesRunning } from './assigner.ts';
import { Commits } from './commits.ts';
import type { ConsumerHandlers, KafkaConsumer } from './consumer.ts';
import { Intake } from './intake.ts';
import { Place } from './place.ts';

const log = createLogger('event-bus');
/** How long a rebalance waits for batches that run, at most: the rest of the group waits with us, and kafkajs has only so much patience. */
const FINISH_MS = 2_500;
/** And this part of the session, because there are no heartbeats meanwhile. */
const FINISH_SHARE = 1 / 3;
/** How long fetching waits for room in one partition before it goes on without that partition. */
const ROOM_MS = 50;
/** The reader is told when something comes. */
const POLL_MS = 60_000;

export interface PartitionsOptions {
  readonly topics: readonly TopicDefinition[];
  readonly maxBatch: number;
  /** As of the consumer. */
  readonly sessionMs: number;
  readonly subscribe: Pick<SubscribeOptions, 'onBatch' | 'startAt'>;
  /** What the partitions of a topic hold, and what is committed. */
  readonly extents: (topic: string) => Promise<ReadonlyMap<number, Extent>>;
  /** Without a group: by topic and partition, where this subscriber is. Kept up to date. Null: the group has it. */
  readonly own: Map<string, bigint> | null;
}

/** One assignment of one partition. */
interface Owned {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  /** Aborted when the assignment is over, or about to be. */
  readonly ended: AbortController;
  lane: Lane | null;
  startFails: boolean;
  /** A batch is being worked on. */
  busy: boolean;
  /** Its intake is full, and it is not fetched. */
  paused: boolean;
}

export const placeKey = (topic: string, partition: number): string => `${topic} ${partition}`;

/** The partitions that a subscription owns, over all lives of its consumer: what comes in, and who works on it. */
export class Partitions implements ConsumerHandlers {
  readonly #options: PartitionsOptions;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #intake: Intake;
  readonly #reader: Reader;
  readonly #owned = new Map<number, Owned>();
  readonly #waitingForRoom = new Map<number, () => void>();
  /** Asked once for each time of joining. */
  #extents = new Map<string, Promise<ReadonlyMap<number, Extent>>>();
  /** Of the generation of the group that we are in; null while we are in none. */
  #commits: Commits | null = null;
  #consumer: KafkaConsumer | null = null;
  #finishBy: number | null = null;
  #closed = false;

  constructor(options: PartitionsOptions) {
    this.#options = options;
    const keys = options.topics.flatMap(({ name, partitions }) => Array.from({ length: partitions }, (_, partition) => placeKey(name, partition)));
    this.#ids = new Map(keys.map((key, id) => [key, id]));
    this.#intake = new Intake(options.maxBatch, (id) => this.#roomAgain(id));
    this.#reader = new Reader(this.#intake, options.maxBatch, POLL_MS);
  }

  /** Whether each has found where to start. */
  get ready(): boolean {
    return [...this.#owned.values()].every(({ startFails }) => !startFails);
  }

  /** The next life begins. */
  attach(consumer: KafkaConsumer): void {
    this.#consumer = consumer;
  }

  pause(topics: readonly string[]): void {
    this.#reader.pause(topics);
  }

  resume(topics: readonly string[]): void {
    this.#reader.resume(topics);
  }

  /** Ends every assignment for its consumer, and resolves when no batch is being worked on. Finished work can still be committed. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { ended } of this.#owned.values()) ended.abort();
    await this.#reader.close();
  }

  beforeJoin(): void {
    this.#finishBy ??= performance.now() + Math.min(FINISH_MS, FINISH_SHARE * this.#options.sessionMs);
    for (const owned of this.#owned.values()) {
      owned.ended.abort();
      owned.lane?.end();
      if (owned.lane) void this.#reader.remove(owned.lane);
    }
    const busy = [...this.#owned.values()].some((owned) => owned.busy);
    if (busy && performance.now() < this.#finishBy) throw new BatchesRunning('batches are still being worked on');
    this.#finishBy = null;
    this.lose();
  }

  joined(assignment: IMemberAssignment): void {
    const commits = new Commits(async (some) => {
      if (this.#commits !== commits) throw new BusUnavailableError('the group has rebalanced');
      await this.#consumer!.commit(some);
    });
    this.#commits = commits;
    this.#extents = new Map();
    for (const [topic, partitions] of Object.entries(assignment)) this.#own(topic, partitions);
  }

  received({ topic, partition, messages }: KafkaBatch): Promise<void> | null {
    const owned = this.#owned.get(this.#idOf(topic, partition));
    if (!owned?.lane) return null;
    if (!this.#intake.add(owned.id, messages)) {
      this.#restart(owned);
      return null;
    }
    this.#reader.read();
    return this.#intake.full(owned.id) ? this.#waitForRoom(owned) : Promise.resolve();
  }

  /** The partitions may be another's by now. */
  lose(): void {
    this.#commits = null;
    for (const owned of this.#owned.values()) this.#end(owned);
    this.#owned.clear();
  }

  #idOf(topic: string, partition: number): number {
    const id = this.#ids.get(placeKey(topic, partition));
    if (id === undefined) throw new Error(`no partition ${partition} of ${topic}`);
    return id;
  }

  #own(topic: string, partitions: readonly number[]): void {
    // Until it is known where they start.
    this.#consumer!.pause(topic, partitions);
    if (this.#closed) return;
    for (const partition of partitions) {
      const id = this.#idOf(topic, partition);
      const owned: Owned = { id, topic, partition, ended: new AbortController(), lane: null, startFails: false, busy: false, paused: false };
      this.#owned.set(id, owned);
      void this.#begin(owned);
    }
  }

  #end({ id, topic, partition, ended, lane }: Owned): void {
    ended.abort();
    lane?.lose();
    if (lane) {
      void this.#reader.remove(lane);
      this.#options.own?.set(placeKey(topic, partition), lane.position);
    }
    this.#intake.close(id);
  }

  /** Finds out where to start, for as long as it takes, and starts. */
  async #begin(owned: Owned): Promise<void> {
    const { topic, partition, ended } = owned;
    for (let failures = 0; !ended.signal.aborted; failures += 1) {
      try {
        const { position, place } = await this.#placeOf(owned);
        if (ended.signal.aborted) return;
        this.#start(owned, position, place);
        owned.startFails = false;
        return;
      } catch (error) {
        owned.startFails = true;
        this.#extents.delete(topic);
        if (failures === 0) log.warn({ topic, partition, reason: describeError(error) }, 'cannot start a partition; trying again');
        await sleep(backoff(failures), undefined, { signal: ended.signal }).catch(() => undefined);
      }
    }
  }

  async #placeOf({ topic, partition }: Owned): Promise<{ readonly position: bigint; readonly place: Place | null }> {
    const { extents: ask, own, subscribe } = this.#options;
    const commits = this.#commits;
    const extents = this.#extents.get(topic) ?? ask(topic);
    this.#extents.set(topic, extents);
    const extent = (await extents).get(partition);
    if (!extent || !commits) throw new BusUnavailableError(`nothing is known of partition ${partition} of ${topic}`);
    const { start, end, committed } = extent;
    const wanted = own ? own.get(placeKey(topic, partition)) : await subscribe.startAt?.(topic, partition, committed);
    // A group that is ahead of the partition has seen another one of that name.
    const asCommitted = committed !== null && committed >= start && committed <= end ? committed : start;
    return {
      position: wanted === undefined || wanted === null ? asCommitted : wanted < start ? start : wanted > end ? end : wanted,
      place: own ? null : new Place(commits, { topic, partition }, committed),
    };
  }

  #start(owned: Owned, position: bigint, place: Place | null): void {
    const { id, topic, partition } = owned;
    const store = place && ((next: bigint) => place.store(next));
    this.#consumer!.begin(topic, partition, position);
    this.#intake.open(id, position);
    owned.lane = new Lane({ topic, partition, partitionId: id, position, onBatch: (...batch) => this.#work(owned, ...batch), store });
    this.#reader.add(owned.lane);
  }

  async #work(owned: Owned, ...batch: Parameters<SubscribeOptions['onBatch']>): Promise<void> {
    owned.busy = true;
    try {
      await this.#options.subscribe.onBatch(...batch);
    } finally {
      owned.busy = false;
    }
  }

  /** kafkajs went back, because the offset it stood at is no longer, or not yet, in the partition: ask again where to go on. */
  #restart(owned: Owned): void {
    const { topic, partition } = owned;
    log.warn({ topic, partition }, 'the partition does not have the offset that comes next; starting it again');
    this.#end(owned);
    this.#extents.delete(topic);
    this.#own(topic, [partition]);
  }

  async #waitForRoom(owned: Owned): Promise<void> {
    const { id, topic, partition, ended } = owned;
    const waiting = new AbortController();
    this.#waitingForRoom.set(id, () => waiting.abort());
    await sleep(ROOM_MS, undefined, { signal: waiting.signal }).catch(() => undefined);
    this.#waitingForRoom.delete(id);
    if (ended.signal.aborted || !this.#intake.full(id)) return;
    owned.paused = true;
    this.#consumer?.pause(topic, [partition]);
  }

  #roomAgain(id: number): void {
    this.#waitingForRoom.get(id)?.();
    const owned = this.#owned.get(id);
    if (!owned?.paused) return;
    owned.paused = false;
    this.#consumer?.resume(owned.topic, owned.partition);
  }
}
