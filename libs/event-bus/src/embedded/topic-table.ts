import type { TopicDefinition } from '@heliograph/contracts';
import { UnknownTopicError } from '../port.ts';
import type { Database } from './database.ts';

export interface Topic {
  readonly definition: TopicDefinition;
  /** Ids of its partitions (`bus.partition.id`), by number. */
  readonly partitionIds: readonly number[];
}

/** Makes the partitions of topics that are new and knows the ids of all. */
export class TopicTable {
  readonly #database: Database;
  readonly #definitions: ReadonlyMap<string, TopicDefinition>;
  #loading: Promise<ReadonlyMap<string, readonly number[]>> | null = null;

  constructor(database: Database, definitions: readonly TopicDefinition[]) {
    this.#database = database;
    this.#definitions = new Map(definitions.map((definition) => [definition.name, definition]));
  }

  /** @throws UnknownTopicError */
  definition(name: string): TopicDefinition {
    const definition = this.#definitions.get(name);
    if (!definition) throw new UnknownTopicError(name);
    return definition;
  }

  /** @throws UnknownTopicError, BusUnavailableError */
  async get(name: string): Promise<Topic> {
    const definition = this.definition(name);
    const partitionIds = (await this.#load()).get(name) ?? [];
    if (partitionIds.length !== definition.partitions) {
      throw new Error(`topic "${name}" has ${partitionIds.length} partitions, not ${definition.partitions}: they are fixed when a topic is made`);
    }
    return { definition, partitionIds };
  }

  all(): Promise<Topic[]> {
    return Promise.all([...this.#definitions.keys()].map((name) => this.get(name)));
  }

  #load(): Promise<ReadonlyMap<string, readonly number[]>> {
    this.#loading ??= this.#read().catch((error: unknown) => {
      this.#loading = null;
      throw error;
    });
    return this.#loading;
  }

  async #read(): Promise<ReadonlyMap<string, readonly number[]>> {
    const names = [...this.#definitions.keys()];
    await this.#database.query(
      `INSERT INTO bus.partition (topic, partition)
       SELECT d.topic, generate_series(0, d.partitions - 1)
       FROM unnest($1::text[], $2::int[]) AS d (topic, partitions)
       WHERE NOT EXISTS (SELECT FROM bus.partition p WHERE p.topic = d.topic)
       ORDER BY 1, 2
       ON CONFLICT DO NOTHING`,
      [names, [...this.#definitions.values()].map(({ partitions }) => partitions)],
    );
    const rows = await this.#database.query<{ topic: string; ids: number[] }>(
      'SELECT topic, array_agg(id ORDER BY partition) AS ids FROM bus.partition WHERE topic = ANY ($1) GROUP BY topic',
      [names],
    );
    return new Map(rows.map(({ topic, ids }) => [topic, ids]));
  }
}
