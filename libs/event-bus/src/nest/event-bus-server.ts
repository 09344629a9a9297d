import { deadLetterName } from '@heliograph/contracts';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { Worker, type WorkerState } from '../consume/worker.ts';
import type { Batch, EventBus, SubscribeOptions } from '../port.ts';
import { BusContext } from './bus-context.ts';

export interface EventBusServerOptions extends Pick<SubscribeOptions, 'startAt' | 'maxBatch'> {
  /** Stays the caller's: closing the server does not close it. */
  readonly bus: EventBus;
  /** Group of the handlers, unless `@EventPattern(topic, { group: null })` asks for every message of the topic. */
  readonly group: string;
}

/**
 * Nest's transport strategy for the event bus. A method with `@EventPattern<string>(topic)` is the one handler of that topic: it gets whole
 * batches (`@Payload() batch: Batch`, `@Ctx() context: BusContext`), must be idempotent, and what it throws decides what happens next (see
 * `Worker`). Attach it with `connectEventBus`.
 */
export class EventBusServer extends Server implements CustomTransportStrategy {
  /** Failures reach the worker, which reports them. */
  override readonly propagatesEventHandlerErrors = true;
  readonly #options: EventBusServerOptions;
  readonly #workers: Worker[] = [];
  #listening = false;
  #errorsReachUs = false;

  constructor(options: EventBusServerOptions) {
    super();
    this.#options = options;
  }

  /** Whether every handler's subscription is ready and none of its partitions waits for a dependency or a deploy. */
  get ready(): boolean {
    return this.#listening && this.states().every(({ ready }) => ready);
  }

  states(): readonly WorkerState[] {
    return this.#workers.map(({ state }) => state);
  }

  /** For `/readyz`. @throws Error that says what is not ready. */
  assertReady(): void {
    if (!this.#listening) throw new Error('not subscribed');
    const troubled = this.states().filter(({ ready }) => !ready);
    if (troubled.length === 0) return;
    throw new Error(
      troubled
        .map(({ topic, stalled }) => {
          const waits = stalled.filter(({ reason }) => reason !== 'message').map(({ partition, reason, error }) => `partition ${partition} waits (${reason}: ${error})`);
          return `${topic}: ${waits.join(', ') || 'the event bus is away'}`;
        })
        .join('; '),
    );
  }

  /** Said by `connectEventBus`. */
  errorsReachUs(): void {
    this.#errorsReachUs = true;
  }

  override addHandler(pattern: string, handler: MessageHandler, isEventHandler = false, extras: Record<string, unknown> = {}): void {
    if (!isEventHandler) throw new Error(`the event bus has no answers: "${pattern}" must be an @EventPattern`);
    // Two would share one offset: a failure of either would repeat both.
    if (this.messageHandlers.has(pattern)) throw new Error(`two handlers for topic "${pattern}" in one application`);
    super.addHandler(pattern, handler, isEventHandler, extras);
  }

  /** Subscribes all handlers, then calls back; with an error when the bus is away or does not know a topic. */
  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      // Nest's own filter would replace every error by "Internal server error": what is nobody's fault would become dead letters.
      if (!this.#errorsReachUs) throw new Error('attach the EventBusServer with connectEventBus(app, server), not with app.connectMicroservice');
      for (const [topic, handler] of this.messageHandlers) this.#workers.push(await this.#start(topic, handler));
      this.#listening = true;
    } catch (error) {
      await this.close();
      callback(error);
      return;
    }
    callback();
  }

  /** Finishes the running batches and leaves the groups. */
  async close(): Promise<void> {
    this.#listening = false;
    await Promise.all(this.#workers.splice(0).map((worker) => worker.close()));
  }

  on(): never {
    throw new Error('the event bus emits no events of its own');
  }

  /** The event bus. */
  unwrap<T>(): T {
    return this.#options.bus as T;
  }

  #start(topic: string, handler: MessageHandler<Batch, BusContext, unknown>): Promise<Worker> {
    const { bus, group, startAt, maxBatch } = this.#options;
    return Worker.start({
      bus,
      topic,
      startAt,
      maxBatch,
      group: handler.extras?.['group'] === null ? null : group,
      deadLetterTopic: deadLetterName(topic),
      handle: async (batch, context) => {
        const result = await handler(batch, new BusContext([context]));
        if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
      },
    });
  }
}
