import type { TopicDefinition } from '@heliograph/contracts';
import { createLogger } from '@heliograph/platform';
import type pg from 'pg';
import { describeError } from '../describe-error.ts';
import { Gather } from '../gather.ts';
import { type BusMessage, BusUnavailableError, type EventBus, type GroupLag, type SubscribeOptions, type Subscription } from '../port.ts';
import { Database } from './database.ts';
import { GroupMember } from './group-member.ts';
import { lagOf } from './lag.ts';
import { Lane } from '../hand-out/lane.ts';
import { Membership } from './membership.ts';
import { MessageLog } from './message-log.ts';
import { Reader } from '../hand-out/reader.ts';
import { BusSession } from './session.ts';
import { EmbeddedSubscription } from './subscription.ts';
import { Sweeper } from './sweeper.ts';
import { type Topic, TopicTable } from './topic-table.ts';

const log = createLogger('event-bus');
const DEFAULT_BATCH = 500;
const DEFAULT_POLL_MS = 1_000;
/** How often members are looked after; changes are announced, so this only finds who ended without a word. */
const TEND_MS = 2_000;
const PING_MS = 2_000;

export interface PostgresEventBusOptions {
  /** For everything but the session; stays the caller's. May go through a transaction pooler. */
  readonly pool: pg.Pool;
  /** For the one connection that listens and holds locks, opened by the first `subscribe`. Must reach PostgreSQL itself or a session pooler. */
  readonly connectionString: string;
  readonly topics: readonly TopicDefinition[];
  /** Longest time in ms until a message is found whose notification was lost; default 1,000. */
  readonly pollMs?: number;
}

/** The embedded engine: an event bus on tables of PostgreSQL (see `migrations.ts`, which must have run). */
export class PostgresEventBus implements EventBus {
  readonly #pool: pg.Pool;
  readonly #database: Database;
  readonly #definitions: readonly TopicDefinition[];
  readonly #topics: TopicTable;
  readonly #log: MessageLog;
  readonly #sweeper: Sweeper;
  readonly #session: BusSession;
  readonly #membership: Membership;
  readonly #gather: Gather;
  readonly #pollMs: number;
  readonly #subscriptions = new Set<EmbeddedSubscription>();
  readonly #poolError = (error: Error): void => log.debug({ reason: describeError(error) }, 'an idle connection broke');
  #tending: NodeJS.Timeout | undefined;
  #beating = false;
  #closed = false;

  constructor({ pool, connectionString, topics, pollMs = DEFAULT_POLL_MS }: PostgresEventBusOptions) {
    this.#pool = pool;
    this.#pollMs = pollMs;
    this.#definitions = topics;
    this.#database = new Database(pool);
    this.#topics = new TopicTable(this.#database, topics);
    this.#log = new MessageLog(this.#database, this.#topics);
    this.#sweeper = new Sweeper(this.#database, this.#topics);
    this.#session = new BusSession(connectionString, {
      notified: (payload) => this.#notified(payload),
      lost: () => this.#lost(),
      restored: () => void this.#tend(),
    });
    this.#membership = new Membership(this.#session);
    this.#gather = new Gather((parcels) => this.#log.append(parcels));
    // An idle connection that breaks emits an error; nobody listening would end the process.
    pool.on('error', this.#poolError);
  }

  async publish(topic: string, messages: readonly BusMessage[]): Promise<void> {
    this.#topics.definition(topic);
    this.#sweeper.start();
    await this.#gather.publish(topic, messages);
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const { topics: names, group, maxBatch = DEFAULT_BATCH } = options;
    if (!(maxBatch >= 1 && maxBatch <= 10_000)) throw new RangeError(`maxBatch is ${maxBatch}: it must be 1 to 10,000`);
    for (const name of names) this.#topics.definition(name);
    await this.#session.open();
    const topics = await Promise.all(names.map((name) => this.#topics.get(name)));
    if (this.#closed) throw new BusUnavailableError('the event bus is closed');
    const reader = new Reader(this.#log, maxBatch, this.#pollMs);
    const member = group === null ? null : this.#member(group, topics, reader, options);
    const closed = (subscription: EmbeddedSubscription): void => void this.#subscriptions.delete(subscription);
    const subscription = new EmbeddedSubscription({ topics: names, session: this.#session, reader, member, closed });
    this.#subscriptions.add(subscription);
    this.#tending ??= setInterval(() => void this.#tend(), TEND_MS).unref();
    this.#sweeper.start();
    try {
      if (member) await member.tend();
      else await this.#readFromNow(topics, reader, options.onBatch);
    } catch (error) {
      await subscription.close();
      throw error;
    }
    return subscription;
  }

  async lag(): Promise<readonly GroupLag[]> {
    await this.#topics.all();
    return lagOf(this.#database, this.#definitions);
  }

  async ping(): Promise<void> {
    await this.#database.query('SELECT 1', [], PING_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    clearInterval(this.#tending);
    await this.#gather.close();
    await this.#sweeper.close();
    await this.#session.close();
    this.#pool.off('error', this.#poolError);
  }

  #member(group: string, topics: readonly Topic[], reader: Reader, subscribe: SubscribeOptions): GroupMember {
    const committed = (topic: Topic, partitionId: number): void => this.#sweeper.committed(topic, partitionId);
    return new GroupMember({ group, topics, reader, subscribe, committed, membership: this.#membership, log: this.#log });
  }

  async #readFromNow(topics: readonly Topic[], reader: Reader, onBatch: SubscribeOptions['onBatch']): Promise<void> {
    for (const { definition, partitionIds } of topics) {
      for (const { partitionId, end } of await this.#log.extents(partitionIds, null)) {
        const partition = partitionIds.indexOf(partitionId);
        reader.add(new Lane({ topic: definition.name, partition, partitionId, position: end, onBatch, store: null }));
      }
    }
  }

  #notified(payload: string): void {
    const [what, name = ''] = payload.split(/ (.*)/s);
    for (const subscription of this.#subscriptions) {
      if (what === 'topic' && subscription.topics.includes(name)) subscription.read();
      else if (what === 'members' && subscription.member?.group === name) void this.#tendOne(subscription.member);
    }
  }

  #lost(): void {
    this.#membership.lost();
    for (const { member } of this.#subscriptions) member?.lost();
  }

  async #tend(): Promise<void> {
    if (!this.#session.alive || this.#beating) return;
    this.#beating = true;
    const members = [...this.#subscriptions].flatMap(({ member }) => member ?? []);
    try {
      // Also without members: it shows whether the session is alive.
      await this.#membership.beat();
    } catch (error) {
      log.warn({ reason: describeError(error) }, 'cannot look after the members of the event bus; trying again');
    } finally {
      this.#beating = false;
    }
    await Promise.all(members.map((member) => this.#tendOne(member)));
  }

  async #tendOne(member: GroupMember): Promise<void> {
    try {
      await member.tend();
    } catch (error) {
      log.warn({ reason: describeError(error) }, 'cannot share partitions; trying again');
    }
  }
}
