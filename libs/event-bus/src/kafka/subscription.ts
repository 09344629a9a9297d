import { setTimeout as sleep } from 'node:timers/promises';
import { counter, createLogger } from '@heliograph/platform';
import { backoff } from '../backoff.ts';
import { describeError } from '../describe-error.ts';
import type { Subscription } from '../port.ts';
import { type ConsumerOptions, KafkaConsumer } from './consumer.ts';
import { kafkaErrorType } from './errors.ts';
import type { Partitions } from './partitions.ts';

const log = createLogger('event-bus');
const NOT_YET: readonly string[] = ['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP'];
const NOT_YET_MS = 20_000;
/** Of the pause between attempts to replace a consumer: at most 1.6 s, because the group waits for it. */
const MAX_DOUBLINGS = 4;
const rebuilds = counter('heliograph_bus_consumer_rebuilds_total', 'Kafka consumers that gave up and were replaced', ['group']);

export interface KafkaSubscriptionOptions {
  readonly consumer: Omit<ConsumerOptions, 'handlers' | 'formerMember'>;
  readonly partitions: Partitions;
  /** For metrics: the group, or `none`. */
  readonly label: string;
  readonly closed: (subscription: KafkaSubscription) => Promise<void>;
}

/** What `KafkaEventBus.subscribe` gives out: a consumer, and its replacement whenever kafkajs gives up on it. */
export class KafkaSubscription implements Subscription {
  readonly #options: KafkaSubscriptionOptions;
  readonly #stop = new AbortController();
  #consumer: KafkaConsumer;
  #closing: Promise<void> | null = null;

  private constructor(options: KafkaSubscriptionOptions) {
    this.#options = options;
    this.#consumer = this.#make(null);
  }

  /** Resolves when it is in its group. @throws BusUnavailableError */
  static async begin(options: KafkaSubscriptionOptions): Promise<KafkaSubscription> {
    const subscription = new KafkaSubscription(options);
    try {
      await subscription.#first();
    } catch (error) {
      await subscription.close();
      throw error;
    }
    void subscription.#supervise();
    return subscription;
  }

  get ready(): boolean {
    return !this.#closing && this.#consumer.alive && this.#options.partitions.ready;
  }

  pause(topics = this.#options.consumer.topics): void {
    this.#options.partitions.pause(topics);
  }

  resume(topics = this.#options.consumer.topics): void {
    this.#options.partitions.resume(topics);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    // It stays in the group meanwhile, so that what is finished is committed.
    await this.#options.partitions.close();
    await this.#consumer.close();
    this.#options.partitions.lose();
    await this.#options.closed(this);
  }

  #make(formerMember: string | null): KafkaConsumer {
    const consumer = new KafkaConsumer({ ...this.#options.consumer, handlers: this.#options.partitions, formerMember });
    this.#options.partitions.attach(consumer);
    return consumer;
  }

  /** Brokers that have just started, or a group that has just come to be, are not ready for a moment; kafkajs gives up at once. */
  async #first(): Promise<void> {
    const deadline = performance.now() + NOT_YET_MS;
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.#consumer.start();
      } catch (error) {
        if (!NOT_YET.includes(kafkaErrorType(error) ?? '') || performance.now() > deadline) throw error;
        await this.#consumer.close();
        await sleep(backoff(failures));
        this.#consumer = this.#make(null);
      }
    }
  }

  async #supervise(): Promise<void> {
    const { signal } = this.#stop;
    let member = this.#consumer.memberId;
    for (let failures = 0; !signal.aborted; ) {
      const reason = await this.#consumer.ended;
      if (signal.aborted) return;
      member = this.#consumer.memberId ?? member;
      this.#options.partitions.lose();
      if (failures === 0) log.warn({ group: this.#options.label, reason: describeError(reason) }, 'a Kafka consumer gave up; replacing it');
      await this.#consumer.close();
      await sleep(backoff(Math.min(failures, MAX_DOUBLINGS)), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      rebuilds.inc({ group: this.#options.label });
      this.#consumer = this.#make(member);
      failures = await this.#consumer.start().then(
        () => 0,
        () => failures + 1,
      );
    }
  }
}
