import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { BusUnavailableError } from '../port.ts';
import { KafkaClient, type KafkaConnection } from './client.ts';
import { kafkaErrorType, unavailable, within } from './errors.ts';

const PATIENCE_MS = 5_000;
const AGAIN_MS = 200;

/** What a partition holds: offsets from `start` up to, not including, `end`. `committed`: the group's next offset, null if it has none. */
export interface Extent {
  readonly start: bigint;
  readonly end: bigint;
  readonly committed: bigint | null;
}

interface Connected {
  readonly client: KafkaClient;
  readonly admin: Promise<Admin>;
}

/** Questions to the brokers, on a client of their own that is opened when first needed and replaced when it fails. */
export class KafkaAdmin {
  readonly #connection: KafkaConnection;
  #current: Connected | null = null;
  #closed = false;

  constructor(connection: KafkaConnection) {
    this.#connection = connection;
  }

  /**
   * Tries until it succeeds or `patienceMs` are over: after a start, brokers say for a moment that they are not ready yet.
   * @param settled types of Kafka's errors that are answers: they are not tried again, and thrown as they are
   * @throws BusUnavailableError
   */
  async call<T>(what: string, work: (admin: Admin) => Promise<T>, { patienceMs = PATIENCE_MS, settled = [] as readonly string[] } = {}): Promise<T> {
    const deadline = performance.now() + patienceMs;
    for (let reason: unknown = null; ; await sleep(AGAIN_MS)) {
      try {
        return await within(Math.max(1, deadline - performance.now()), what, this.#connected().then(work));
      } catch (error) {
        const type = kafkaErrorType(error);
        if (type !== null && settled.includes(type)) throw error;
        // An answer came, so the connection is good.
        if (type === null) this.#drop();
        // That time is up says less than what went wrong before, such as a certificate or a password.
        reason = reason === null || !(error instanceof BusUnavailableError) ? error : reason;
        if (this.#closed || performance.now() + AGAIN_MS >= deadline) throw unavailable(reason);
      }
    }
  }

  /** By partition. @param group null: nothing is committed. */
  async extents(topic: string, group: string | null): Promise<ReadonlyMap<number, Extent>> {
    return this.call('asking for offsets', async (admin) => {
      // In this order: what is committed then lies within the ends.
      const [committed] = group === null ? [] : await admin.fetchOffsets({ groupId: group, topics: [topic] });
      const next = new Map(committed?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
      const found = await admin.fetchTopicOffsets(topic);
      return new Map(
        found.map(({ partition, low, high }) => {
          const offset = next.get(partition) ?? -1n;
          return [partition, { start: BigInt(low), end: BigInt(high), committed: offset < 0n ? null : offset }];
        }),
      );
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const current = this.#current;
    await within(1_000, 'leaving', Promise.resolve(current?.admin.then((admin) => admin.disconnect()))).catch(() => undefined);
    this.#drop();
  }

  #connected(): Promise<Admin> {
    if (this.#closed) throw new BusUnavailableError('the event bus is closed');
    this.#current ??= this.#connect();
    return this.#current.admin;
  }

  #connect(): Connected {
    const client = new KafkaClient(this.#connection, { initialRetryTime: 100, factor: 0.2, multiplier: 2, maxRetryTime: 500, retries: 3 });
    const admin = client.kafka.admin();
    return { client, admin: admin.connect().then(() => admin) };
  }

  #drop(): void {
    this.#current?.client.destroy();
    this.#current = null;
  }
}
