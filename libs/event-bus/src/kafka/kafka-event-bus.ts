import { randomUUID } from 'node:crypto';
import type { TopicDefinition } from '@heliograph/contracts';
import { createLogger } from '@heliograph/platform';
import { describeError } from '../describe-error.ts';
import { Gather } from '../gather.ts';
import { type BusMessage, BusUnavailableError, type EventBus, type GroupLag, type SubscribeOptions, type Subscription } from '../port.ts';
import { KafkaAdmin } from './admin.ts';
import type { KafkaConnection } from './client.ts';
import { lagOf } from './lag.ts';
import { Partitions, placeKey } from './partitions.ts';
import { KafkaProducer } from './producer.ts';
import { KafkaSubscription } from './subscription.ts';
import { TopicRegistry } from './topic-registry.ts';

const log = createLogger('event-bus');
const DEFAULT_BATCH = 500;
const DEFAULT_SESSION_MS = 10_000;
const PING_MS = 2_000;
const FORGET_MS = 2_000;

export interface KafkaEventBusOptions extends KafkaConnection {
  readonly topics: readonly TopicDefinition[];
  /** A consumer that is not heard of for so long has its partitions taken away, ms; default 10,000. The brokers' least is 6,000 by default. */
  readonly sessionMs?: number;
}

/**
 * The event bus on Apache Kafka. Topics are made by `applyTopics`. Groups are Kafka's consumer groups of the same name; a subscriber
 * without a group has one of its own, `CLIENTID.broadcast.UUID`, which is removed when it closes.
 */
export class KafkaEventBus implements EventBus {
  readonly #connection: KafkaConnection;
  readonly #sessionMs: number;
  readonly #admin: KafkaAdmin;
  readonly #topics: TopicRegistry;
  readonly #producer: KafkaProducer;
  readonly #gather: Gather;
  readonly #subscriptions = new Set<KafkaSubscription>();
  #closed = false;

  constructor({ topics, sessionMs = DEFAULT_SESSION_MS, ...connection }: KafkaEventBusOptions) {
    this.#connection = connection;
    this.#sessionMs = sessionMs;
    this.#admin = new KafkaAdmin(connection);
    this.#topics = new TopicRegistry(this.#admin, topics);
    this.#producer = new KafkaProducer(connection, (topic) => this.#topics.definition(topic).partitions);
    this.#gather = new Gather((parcels) => this.#producer.send(parcels));
  }

  async publish(topic: string, messages: readonly BusMessage[]): Promise<void> {
    this.#topics.definition(topic);
    if (messages.length === 0) return;
    this.#assertOpen();
    await this.#topics.present(topic);
    await this.#gather.publish(topic, messages);
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const { topics: names, group, maxBatch = DEFAULT_BATCH } = options;
    if (!(maxBatch >= 1 && maxBatch <= 10_000)) throw new RangeError(`maxBatch is ${maxBatch}: it must be 1 to 10,000`);
    const topics = names.map((name) => this.#topics.definition(name));
    this.#assertOpen();
    await Promise.all(names.map((name) => this.#topics.present(name)));
    const own = group === null ? await this.#ends(names) : null;
    this.#assertOpen();
    const groupId = group ?? `${this.#connection.clientId}.broadcast.${randomUUID()}`;
    const subscription = await KafkaSubscription.begin({
      consumer: { connection: this.#connection, groupId, topics: names, sessionMs: this.#sessionMs },
      partitions: new Partitions({ topics, maxBatch, sessionMs: this.#sessionMs, subscribe: options, extents: (topic) => this.#admin.extents(topic, group), own }),
      label: group ?? 'none',
      closed: async (closed) => {
        this.#subscriptions.delete(closed);
        if (group === null) await this.#forget(groupId);
      },
    });
    this.#subscriptions.add(subscription);
    if (this.#closed) await subscription.close();
    this.#assertOpen();
    return subscription;
  }

  lag(): Promise<readonly GroupLag[]> {
    return lagOf(this.#admin, this.#topics.definitions);
  }

  async ping(): Promise<void> {
    await this.#admin.call('pinging', (admin) => admin.describeCluster(), { patienceMs: PING_MS });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await this.#gather.close();
    await Promise.all([this.#producer.close(), this.#admin.close()]);
  }

  #assertOpen(): void {
    if (this.#closed) throw new BusUnavailableError('the event bus is closed');
  }

  /** By topic and partition: offset of the next message to come. */
  async #ends(topics: readonly string[]): Promise<Map<string, bigint>> {
    const ends = await Promise.all(
      topics.map(async (topic) => [...(await this.#admin.extents(topic, null))].map(([partition, { end }]) => [placeKey(topic, partition), end] as const)),
    );
    return new Map(ends.flat());
  }

  /** Nobody else will ever ask for that group. If it cannot be removed now, Kafka does when nobody has been in it for a while. */
  async #forget(groupId: string): Promise<void> {
    await this.#admin
      .call('removing a group', (admin) => admin.deleteGroups([groupId]), { patienceMs: FORGET_MS })
      .catch((error: unknown) => log.debug({ reason: describeError(error) }, 'a group that is no longer used was not removed'));
  }
}
