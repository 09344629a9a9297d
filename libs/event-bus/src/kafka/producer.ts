import type { Producer, RecordMetadata } from 'kafkajs';
import type { Parcel } from '../gather.ts';
import { BusUnavailableError } from '../port.ts';
import { KafkaClient, type KafkaConnection } from './client.ts';
import { unavailable, within } from './errors.ts';
import { type Round, roundsOf } from './rounds.ts';

/** Longest time until it is said that it is not known, kafkajs's own attempts included. Who waits behind a send waits for two. */
const SEND_MS = 4_500;
/** All in-sync replicas. */
const ACKS = -1;

interface Connected {
  readonly client: KafkaClient;
  readonly producer: Promise<Producer>;
}

/**
 * Sends with `acks=all`. Not idempotent: kafkajs gives the numbers of a send that failed to the next one, which Kafka may then take for its
 * duplicate, acknowledge, and drop. So a send may arrive twice, and consumers look at event ids. The caller sends one thing at a time;
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
      for (const round of roundsOf(parcels, this.#partitionsOf)) {
        await within(Math.max(1, deadline - performance.now()), 'publishing', this.#sendRound(round));
      }
    } catch (error) {
      this.#drop();
      throw unavailable(error);
    }
  }

  async close(): Promise<void> {
    await within(1_000, 'leaving', Promise.resolve(this.#current?.producer.then((producer) => producer.disconnect()))).catch(() => undefined);
    this.#drop();
  }

  async #sendRound(round: Round): Promise<void> {
    this.#current ??= this.#connect();
    const producer = await this.#current.producer;
    const topicMessages = [...round].map(([topic, messages]) => ({ topic, messages: [...messages] }));
    assertComplete(round, await producer.sendBatch({ acks: ACKS, timeout: SEND_MS, topicMessages }));
  }

  #connect(): Connected {
    const client = new KafkaClient(this.#connection, { initialRetryTime: 100, factor: 0.2, multiplier: 2, maxRetryTime: 800, retries: 7 });
    const producer = client.kafka.producer({
      allowAutoTopicCreation: false,
      idempotent: false,
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

/** kafkajs leaves out, without a word, what is for a partition that it does not know. */
function assertComplete(round: Round, answers: readonly RecordMetadata[]): void {
  const stored = new Set(answers.filter(({ errorCode }) => errorCode === 0).map(({ topicName, partition }) => `${topicName} ${partition}`));
  for (const [topic, messages] of round) {
    const missing = messages.find(({ partition }) => !stored.has(`${topic} ${partition}`));
    if (missing) throw new BusUnavailableError(`Apache Kafka did not confirm partition ${missing.partition} of ${topic}`);
  }
}
