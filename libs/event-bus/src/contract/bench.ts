import { randomUUID } from 'node:crypto';
import type { TopicDefinition } from '@heliograph/contracts';
import type { EventBus } from '../port.ts';
import { Collector, type CollectorOptions } from './collector.ts';

/** An engine as the suite needs it. */
export interface ContractEngine {
  /** A new instance of the bus, as another process would have it. */
  bus(): Promise<EventBus>;
  /** Ends that instance as `kill -9` of its process would: it leaves no group and commits nothing more. */
  crash(bus: EventBus): Promise<void>;
  /** Puts the engine out of everybody's reach, until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Closes every instance, and whatever else there is. */
  stop(): Promise<void>;
}
/** Gets topics with names that nobody else uses. */
export type MakeEngine = (topics: readonly TopicDefinition[]) => Promise<ContractEngine>;

/** The group that the topics name. */
export const GROUP = 'workers';
/** A rebalance, or an engine that was away, may take this long. */
export const PATIENCE_MS = 60_000;

export const it = (what: string, run: () => Promise<void>): void => test(what, run, PATIENCE_MS);

/** One test's engine with two topics of four partitions each. */
export class Bench {
  readonly #makeEngine: MakeEngine;
  #engine: ContractEngine | null = null;
  events = '';
  other = '';

  constructor(makeEngine: MakeEngine) {
    this.#makeEngine = makeEngine;
  }

  get engine(): ContractEngine {
    if (!this.#engine) throw new Error('no engine before a test begins');
    return this.#engine;
  }

  async start(): Promise<void> {
    const definition = (name: string): TopicDefinition => ({ name, partitions: 4, retentionMs: 3_600_000, groups: [GROUP], carriesText: false });
    this.events = `events.${randomUUID()}`;
    this.other = `other.${randomUUID()}`;
    this.#engine = await this.#makeEngine([definition(this.events), definition(this.other)]);
  }

  async stop(): Promise<void> {
    await this.#engine?.stop();
    this.#engine = null;
  }

  /** Subscribes a collector to `events`. */
  async collect(bus: EventBus, options: CollectorOptions = {}, group: string | null = GROUP): Promise<Collector> {
    const collector = new Collector(options);
    await collector.subscribe(bus, [this.events], group);
    return collector;
  }
}
