import type { TopicDefinition } from '@heliograph/contracts';
import { BusUnavailableError, UnknownTopicError } from '../port.ts';
import type { KafkaAdmin } from './admin.ts';
import { kafkaErrorType, UNKNOWN_TOPIC } from './errors.ts';

/** A topic that was just made is not known to every broker at once. */
const PRESENT_MS = 2_000;

/** The topic definitions, and whether the brokers have the topics as defined. */
export class TopicRegistry {
  readonly #admin: KafkaAdmin;
  readonly #definitions: ReadonlyMap<string, TopicDefinition>;
  /** Topics that are known to be there. */
  readonly #present = new Map<string, Promise<void>>();

  constructor(admin: KafkaAdmin, definitions: readonly TopicDefinition[]) {
    this.#admin = admin;
    this.#definitions = new Map(definitions.map((definition) => [definition.name, definition]));
  }

  get definitions(): readonly TopicDefinition[] {
    return [...this.#definitions.values()];
  }

  /** @throws UnknownTopicError */
  definition(name: string): TopicDefinition {
    const definition = this.#definitions.get(name);
    if (!definition) throw new UnknownTopicError(name);
    return definition;
  }

  /**
   * Resolves when the brokers have the topic with as many partitions as its definition says. Asks them once for each topic.
   * @throws BusUnavailableError, also when the topic has not been made yet; Error when its partitions differ
   */
  async present(name: string): Promise<void> {
    let asking = this.#present.get(name);
    if (!asking) {
      asking = this.#ask(this.definition(name));
      this.#present.set(name, asking);
      asking.catch(() => this.#present.delete(name));
    }
    await asking;
  }

  async #ask({ name, partitions }: TopicDefinition): Promise<void> {
    const found = await this.#partitions(name);
    if (found === 0) throw new BusUnavailableError(`Apache Kafka has no topic "${name}": run "helio topics apply"`);
    if (found !== partitions) throw new Error(`topic "${name}" has ${found} partitions, not ${partitions}: they are fixed when a topic is made`);
  }

  async #partitions(name: string): Promise<number> {
    try {
      const { topics } = await this.#admin.call('asking for a topic', (admin) => admin.fetchTopicMetadata({ topics: [name] }), {
        patienceMs: PRESENT_MS,
      });
      return topics[0]?.partitions.length ?? 0;
    } catch (error) {
      if (kafkaErrorType(error) === UNKNOWN_TOPIC) return 0;
      throw error;
    }
  }
}
