import { counter, histogram } from '@heliograph/platform';
import { checkMessages, sizeOf } from './check-messages.ts';
import { type BusMessage, BusUnavailableError } from './port.ts';
import { publishTraced } from './trace.ts';

/** What one caller of `publish` wants sent. */
export interface Parcel {
  readonly topic: string;
  readonly messages: readonly BusMessage[];
}

interface Waiting extends Parcel {
  readonly bytes: number;
  readonly since: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** A request takes parcels until it has this much; a single parcel may be larger. */
const REQUEST_MESSAGES = 2_000;
const REQUEST_BYTES = 4_000_000;
/** More than this does not wait in memory: the caller is told to come again. */
const QUEUE_BYTES = 64_000_000;

const seconds = histogram('heliograph_bus_publish_seconds', 'Time from publish to the confirmation of the event bus', ['topic']);
const failures = counter('heliograph_bus_publish_failures_total', 'Calls of publish that the event bus did not confirm', ['topic']);
const gathered = histogram('heliograph_bus_publish_messages', 'Messages in one request to the event bus', [], [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]);

/**
 * Sends what concurrent callers publish in few requests: one is under way, and what arrives meanwhile goes together in the next. A lone
 * caller does not wait for company. Callers are served in their order, so messages of one key keep theirs.
 */
export class Gather {
  readonly #send: (parcels: readonly Parcel[]) => Promise<void>;
  #queue: Waiting[] = [];
  #bytes = 0;
  #sending: Promise<void> | null = null;
  #closed = false;

  /** @param send resolves when all are safe, in order; rejects when it is not known that they are. Must settle within seconds. */
  constructor(send: (parcels: readonly Parcel[]) => Promise<void>) {
    this.#send = send;
  }

  /** Resolves when the engine has these messages. @throws BusUnavailableError, RangeError as `EventBus.publish`. */
  async publish(topic: string, messages: readonly BusMessage[]): Promise<void> {
    if (messages.length === 0) return;
    checkMessages(messages);
    await publishTraced(topic, messages, (traced) => this.#add(topic, traced));
  }

  async #add(topic: string, messages: readonly BusMessage[]): Promise<void> {
    if (this.#closed) throw new BusUnavailableError('the event bus is closed');
    const bytes = messages.reduce((sum, message) => sum + sizeOf(message), 0);
    if (this.#queue.length > 0 && this.#bytes + bytes > QUEUE_BYTES) throw new BusUnavailableError('too much is waiting to be published');
    await new Promise<void>((resolve, reject) => {
      this.#queue.push({ topic, messages, bytes, since: performance.now(), resolve, reject });
      this.#bytes += bytes;
      this.#sending ??= this.#drain();
    });
  }

  /** Takes nothing more and resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#sending;
  }

  async #drain(): Promise<void> {
    // Callers of the same turn of the event loop travel together.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const parcels = this.#take();
      try {
        await this.#send(parcels);
        for (const { topic, since, resolve } of parcels) {
          seconds.observe({ topic }, (performance.now() - since) / 1000);
          resolve();
        }
      } catch (error) {
        // Those behind would each wait for the same failure in turn.
        const behind = error instanceof BusUnavailableError ? this.#takeAll() : [];
        for (const { topic, reject } of [...parcels, ...behind]) {
          failures.inc({ topic });
          reject(error);
        }
      }
    }
    this.#sending = null;
  }

  #take(): readonly Waiting[] {
    let messages = 0;
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      messages += waiting.messages.length;
      bytes += waiting.bytes;
      if (count > 0 && (messages > REQUEST_MESSAGES || bytes > REQUEST_BYTES)) break;
      count += 1;
    }
    const taken = this.#queue.splice(0, count);
    for (const waiting of taken) this.#bytes -= waiting.bytes;
    gathered.observe(taken.reduce((sum, waiting) => sum + waiting.messages.length, 0));
    return taken;
  }

  #takeAll(): readonly Waiting[] {
    const taken = this.#queue;
    this.#queue = [];
    this.#bytes = 0;
    return taken;
  }
}
