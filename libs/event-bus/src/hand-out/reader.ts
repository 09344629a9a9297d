import { createLogger } from '@heliograph/platform';
import { describeError } from '../describe-error.ts';
import type { Lane } from './lane.ts';
import type { Source } from './source.ts';

const log = createLogger('event-bus');
/** Batches of one subscription that are worked on at the same time. */
const CONCURRENCY = 4;

/** Reads what the lanes of one subscription wait for and hands it out: in order within a lane, several lanes at a time. */
export class Reader {
  readonly #source: Source;
  readonly #maxBatch: number;
  readonly #lanes = new Map<number, Lane>();
  /** By partition, also of lanes that are gone: the next lane of a partition begins when its batch is over. */
  readonly #running = new Map<number, Promise<void>>();
  readonly #paused = new Set<string>();
  readonly #poll: NodeJS.Timeout;
  #wake: NodeJS.Timeout | undefined;
  #reading = false;
  #again = false;
  #failing = false;
  #closed = false;

  /** @param pollMs longest time until it looks for messages by itself; a notification comes first as a rule. */
  constructor(source: Source, maxBatch: number, pollMs: number) {
    this.#source = source;
    this.#maxBatch = maxBatch;
    this.#poll = setInterval(() => this.read(), pollMs).unref();
  }

  /** Whether the last attempt to read failed. */
  get failing(): boolean {
    return this.#failing;
  }

  add(lane: Lane): void {
    this.#lanes.set(lane.partitionId, lane);
    this.read();
  }

  /** Hands nothing more out to this lane; resolves when its running batch is over. */
  async remove(lane: Lane): Promise<void> {
    if (this.#lanes.get(lane.partitionId) === lane) this.#lanes.delete(lane.partitionId);
    await this.#running.get(lane.partitionId);
  }

  pause(topics: readonly string[]): void {
    for (const topic of topics) this.#paused.add(topic);
  }

  resume(topics: readonly string[]): void {
    for (const topic of topics) this.#paused.delete(topic);
    this.read();
  }

  /** Looks for messages now, unless nobody waits for any. */
  read(): void {
    this.#again = true;
    if (!this.#reading) void this.#readAll();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#wake);
    for (const lane of this.#lanes.values()) lane.end();
    await Promise.all(this.#running.values());
  }

  async #readAll(): Promise<void> {
    this.#reading = true;
    while (this.#again) {
      this.#again = false;
      const waiting = this.#waiting();
      const room = CONCURRENCY - this.#running.size;
      if (waiting.length === 0 || room <= 0) break;
      try {
        const positions = waiting.map(({ partitionId, position }) => ({ partitionId, offset: position }));
        for (const { partitionId, messages, end } of await this.#source.read(positions, room, this.#maxBatch)) {
          const lane = waiting.find((candidate) => candidate.partitionId === partitionId);
          if (!lane || !this.#serves(lane)) continue;
          if (messages.length > 0) this.#run(lane, lane.run(messages));
          else lane.seek(end);
        }
        this.#failing = false;
      } catch (error) {
        if (!this.#failing) log.warn({ reason: describeError(error) }, 'cannot read messages; trying again');
        this.#failing = true;
        break;
      }
    }
    this.#reading = false;
  }

  /** Lanes that could take a batch now, the longest waiting first. */
  #waiting(): readonly Lane[] {
    const served = [...this.#lanes.values()].filter((lane) => this.#serves(lane));
    const held = served.map(({ heldFor }) => heldFor).filter((ms) => ms > 0);
    clearTimeout(this.#wake);
    if (held.length > 0) this.#wake = setTimeout(() => this.read(), Math.ceil(Math.min(...held)));
    return served.filter(({ heldFor }) => heldFor === 0).sort((a, b) => a.servedAt - b.servedAt);
  }

  #serves(lane: Lane): boolean {
    const { partitionId, topic } = lane;
    return !this.#closed && this.#lanes.get(partitionId) === lane && !this.#running.has(partitionId) && !this.#paused.has(topic);
  }

  #run(lane: Lane, batch: Promise<void>): void {
    lane.servedAt = performance.now();
    const done = batch.then(() => {
      this.#running.delete(lane.partitionId);
      this.read();
    });
    this.#running.set(lane.partitionId, done);
  }
}
