import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, BatchContext, EventBus, ReceivedMessage, SubscribeOptions, Subscription } from '../port.ts';

/** Waits for a condition; fails by naming it. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, patienceMs = 45_000): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${patienceMs} ms in vain for: ${what}`);
    await sleep(5);
  }
}

/** Resolves when the signal is, or was, aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });

export interface CollectorOptions extends Pick<SubscribeOptions, 'maxBatch' | 'startAt'> {
  /** Instead of committing the whole batch. */
  readonly work?: (batch: Batch, context: BatchContext) => Promise<void>;
}

/** A consumer that remembers what it was handed. */
export class Collector {
  readonly #options: CollectorOptions;
  #subscription: Subscription | null = null;
  batches: Batch[] = [];
  received: (ReceivedMessage & { readonly topic: string; readonly partition: number })[] = [];

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  get ready(): boolean {
    return this.#subscription?.ready ?? false;
  }

  async subscribe(bus: EventBus, topics: readonly string[], group: string | null): Promise<Subscription> {
    const { maxBatch, startAt, work } = this.#options;
    this.#subscription = await bus.subscribe({
      topics,
      group,
      maxBatch,
      startAt,
      onBatch: async (batch, context) => {
        const { topic, partition } = batch;
        this.batches.push(batch);
        this.received.push(...batch.messages.map((message) => ({ ...message, topic, partition })));
        if (work) await work(batch, context);
        else await context.commit(batch.messages.at(-1)!.offset);
      },
    });
    return this.#subscription;
  }

  async close(): Promise<void> {
    await this.#subscription?.close();
  }

  has(count: number): Promise<void> {
    return until(`${count} messages`, () => this.received.length >= count);
  }

  values(): string[] {
    return this.received.map(({ value }) => value);
  }

  of(key: string): string[] {
    return this.received.filter((message) => message.key === key).map(({ value }) => value);
  }

  forget(): void {
    this.received = [];
    this.batches = [];
  }

  /** Values of each key, which are numbers, rise when they arrive first: what was handed out or published again does not count. */
  expectOrdered(): void {
    for (const key of new Set(this.received.map((message) => message.key))) {
      const firsts = [...new Set(this.of(key).map(Number))];
      expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
    }
  }

  /** The offsets of each partition follow one another, in the order they arrived in. */
  expectNoGaps(): void {
    for (const [, found] of Map.groupBy(this.received, ({ partition }) => partition)) {
      const first = found[0]!.offset;
      expect(found.map(({ offset }) => offset - first)).toEqual(found.map((_, i) => BigInt(i)));
    }
  }
}
