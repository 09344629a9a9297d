import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import type { TopicDefinition } from '@heliograph/contracts';
import type { ISocketFactory } from 'kafkajs';
import type { ContractEngine } from '../contract-suite.ts';
import { Gate } from '../embedded/embedded-engine.ts';
import { KafkaAdmin } from './admin.ts';
import { KafkaEventBus } from './kafka-event-bus.ts';
import { applyTopics } from './topics.ts';

/** So that specs need not wait long for a member that is gone. */
export const SESSION_MS = 3_000;

/** Kafka as the specs need it: each instance has a way of its own to the broker, which can be cut. */
export class KafkaEngine implements ContractEngine {
  readonly #broker: string;
  readonly #topics: readonly TopicDefinition[];
  /** Begins the names of groups that subscribers without a group are in. */
  readonly clientId = `spec-${randomUUID()}`;
  readonly #gates = new Map<KafkaEventBus, Gate>();

  private constructor(broker: string, topics: readonly TopicDefinition[]) {
    this.#broker = broker;
    this.#topics = topics;
  }

  /** @param broker `host:port` of a cluster with a single broker */
  static async start(broker: string, topics: readonly TopicDefinition[]): Promise<KafkaEngine> {
    await applyTopics({ brokers: [broker], clientId: 'spec' }, topics, { replication: 1, minInsyncReplicas: 1 });
    return new KafkaEngine(broker, topics);
  }

  async bus(sessionMs = SESSION_MS): Promise<KafkaEventBus> {
    const { gate, url } = await Gate.open(`tcp://${this.#broker}`);
    const port = Number(new URL(url).port);
    // Wherever the broker says it is: the way leads through the gate.
    const socketFactory: ISocketFactory = ({ onConnect }) => connect({ host: '127.0.0.1', port }, onConnect);
    const bus = new KafkaEventBus({ brokers: [this.#broker], clientId: this.clientId, topics: this.#topics, sessionMs, socketFactory });
    this.#gates.set(bus, gate);
    return bus;
  }

  /** The way of that instance to the broker. */
  gateOf(bus: KafkaEventBus): Gate {
    return this.#gates.get(bus)!;
  }

  /** Names of all groups that there are. */
  async groups(): Promise<readonly string[]> {
    const admin = new KafkaAdmin({ brokers: [this.#broker], clientId: 'spec' });
    const { groups } = await admin.call('listing groups', (client) => client.listGroups());
    await admin.close();
    return groups.map(({ groupId }) => groupId);
  }

  async crash(bus: KafkaEventBus): Promise<void> {
    this.gateOf(bus).close();
  }

  async cut(): Promise<void> {
    for (const gate of this.#gates.values()) gate.cut();
  }

  async mend(): Promise<void> {
    for (const gate of this.#gates.values()) gate.mend();
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.#gates].map(async ([bus, gate]) => {
        await bus.close();
        gate.close();
      }),
    );
  }
}
