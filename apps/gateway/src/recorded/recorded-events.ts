import { type StatusRecorded, statusRecordedCodec, TOPICS } from '@heliograph/contracts';
import type { Batch, EventBus, Subscription } from '@heliograph/event-bus';
import { createLogger } from '@heliograph/platform';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { BUS } from '../tokens.ts';
import { DocumentVersions } from './document-versions.ts';

const log = createLogger('gateway');
const REMEMBERED = 10_000;

export type RecordedListener = (events: readonly StatusRecorded['data'][]) => void;

/** What the projection has recorded since this process began: for who waits for his own event, and for the streams. */
@Injectable()
export class RecordedEvents implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #listeners = new Set<RecordedListener>();
  /** The projection announces an event again when it was interrupted; readers are told once. */
  readonly #seen = new Set<string>();
  #subscription: Subscription | undefined;

  constructor(
    @Inject(BUS) private readonly bus: EventBus,
    @Inject(DocumentVersions) private readonly versions: DocumentVersions,
  ) {}

  get ready(): boolean {
    return this.#subscription?.ready ?? false;
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#subscription = await this.bus.subscribe({ topics: [TOPICS.statusRecorded.name], group: null, onBatch: (batch) => this.#receive(batch) });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#subscription?.close();
  }

  /** Begins to listen at once; call it before the event is published. The promise tells whether it was recorded within `ms`. */
  waitFor(eventId: string, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiters = this.#waiting.get(eventId) ?? new Set();
      this.#waiting.set(eventId, waiters);
      const done = (recorded: boolean): void => {
        clearTimeout(timer);
        waiters.delete(found);
        if (waiters.size === 0) this.#waiting.delete(eventId);
        resolve(recorded);
      };
      const found = (): void => done(true);
      const timer = setTimeout(() => done(false), ms);
      waiters.add(found);
    });
  }

  /** Returns the function that ends it. */
  listen(listener: RecordedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #receive(batch: Batch): Promise<void> {
    const events = batch.messages.flatMap(({ value }) => {
      const decoded = statusRecordedCodec.decode(value);
      if (decoded.kind === 'message') return [decoded.message.data];
      // Nothing is lost by passing over it: streams are a view, and who waits is answered 202.
      log.warn({ kind: decoded.kind }, 'cannot read a recorded event');
      return [];
    });
    await this.versions.raise(events);
    for (const { eventId } of events) for (const found of this.#waiting.get(eventId) ?? []) found();
    const fresh = events.filter(({ actor, eventId }) => this.#remember(`${actor} ${eventId}`));
    if (fresh.length > 0) for (const listener of this.#listeners) listener(fresh);
  }

  #remember(id: string): boolean {
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    if (this.#seen.size > REMEMBERED) this.#seen.delete(this.#seen.values().next().value!);
    return true;
  }
}
