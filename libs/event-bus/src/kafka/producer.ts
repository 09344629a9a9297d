import { setTimeout as sleep } from 'node:timers/promises';
import { counter } from '@heliograph/platform';
import type { Producer } from 'kafkajs';
import { backoff } from '../backoff.ts';
import type { Parcel } from '../gather.ts';
import { KafkaClient, type KafkaConnection } from './client.ts';
import { unavailable, within } from './errors.ts';
import { unconfirmed, type Unconfirmed } from './produce-answers.ts';
import { type Round, roundsOf } from './rounds.ts';

/** Longest time until it is said that it is not known, all attempts included. Who waits behind a send waits for two. */
const SEND_MS = 4_500;
/** Of the pause between attempts: at most 0.8 s. */
const MAX_DOUBLINGS = 3;
/** All in-sync replicas. */
const ACKS = -1;
const again = counter('heliograph_bus_publish_retries_total', 'Requests to Kafka that had to be made again, at least for some partitions');

interface Connected {
  readonly client: KafkaClient;
  readonly producer: Promise<Producer>;
}

/**
 * Sends with `acks=all`. Not idempotent: kafkajs gives the numbers of a send that failed to the next one, which Kafka may then take for its
 * duplicate, acknowledge, and drop. What was refused is sent again, and only that; what was not answered is sent again too and may be there
 * twice then, so consumers look at event ids. The caller sends one thing at a time, an attempt begins when the one before has ended, and
 * what is given up never leaves this process later, where it would overtake what came after.
 */
export class KafkaProducer {
  readonly #connection: KafkaConnection;
  readonly #partitionsOf: (topic: string) => number;
  #current: Connected | null = null;

  constructor(connection: KafkaConnection, partitionsOf: (topic: string) => number) {
    this.#connection = connection;
    this.#partitionsOf = partitionsOf;
  }

  /** Resolves when Kafka has all of it. @throws BusUnavailableError */
  async send(parcels: readonly Parcel[]): Promise<void> {
    const deadline = performance.now() + SEND_MS;
    try {
      for (const round of roundsOf(parcels, this.#partitionsOf)) await this.#sendRound(round, deadline);
    } catch (error) {
      this.#drop();
      throw unavailable(error);
    }
  }

  async close(): Promise<void> {
    await within(1_000, 'leaving', Promise.resolve(this.#current?.producer.then((producer) => producer.disconnect()))).catch(() => undefined);
    this.#drop();
  }

  async #sendRound(round: Round, deadline: number): Promise<void> {
    for (let [rest, failures] = [round, 0]; ; failures += 1) {
      const left = await within(Math.max(1, deadline - performance.now()), 'publishing', this.#attempt(rest));
      if (left.round.size === 0) return;
      const pause = backoff(Math.min(failures, MAX_DOUBLINGS));
      if (!left.retriable || performance.now() + pause >= deadline) throw left.reason;
      // Its picture of who leads what is old, or its connection is gone.
      this.#drop();
      again.inc();
      await sleep(pause);
      rest = left.round;
    }
  }

  async #attempt(round: Round): Promise<Unconfirmed> {
    const topicMessages = [...round].map(([topic, messages]) => ({ topic, messages: [...messages] }));
    try {
      this.#current ??= this.#connect();
      const producer = await this.#current.producer;
      return unconfirmed(round, await producer.sendBatch({ acks: ACKS, timeout: SEND_MS, topicMessages }));
    } catch (error) {
      // Brokers' answers are no errors (see `produce-answers.ts`), so nothing was sent.
      return { round, reason: unavailable(error), retriable: true };
    }
  }

  #connect(): Connected {
    const client = new KafkaClient(this.#connection, { initialRetryTime: 100, factor: 0.2, multiplier: 2, maxRetryTime: 800, retries: 7 });
    const producer = client.kafka.producer({
      allowAutoTopicCreation: false,
      idempotent: false,
      // Again is for us to say.
      retry: { retries: 0 },
      maxInFlightRequests: 1,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition!,
    });
    return { client, producer: producer.connect().then(() => producer) };
  }

  #drop(): void {
    this.#current?.client.destroy();
    this.#current = null;
  }
}
