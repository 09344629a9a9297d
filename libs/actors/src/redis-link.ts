import { counter, createLogger, gauge } from '@heliograph/platform';
import { createClient, type RedisClientType } from 'redis';

const log = createLogger('actors');
const up = gauge('heliograph_redis_up', 'Whether Redis answers, and takes what is written: 1 or 0');
const failures = counter('heliograph_redis_failures_total', 'Commands to Redis that were refused, or not answered in time', ['command']);

const ANSWER_MS = 250;
const BEAT_MS = 250;
/** A connection on which nothing came for so long is given up: its other end may have vanished without a word. */
const SILENCE_MS = 5_000;
/** Every process finds Redis again, and tells it what it missed, well before another believes it. */
const LONGEST_RECONNECT_MS = 500;
const HOLD_MS = 2_000;
/** For commands of a process that has only just begun to connect. */
const FIRST_CONTACT_MS = 1_000;

const BEAT = `redis.call('SET', KEYS[1], '', 'PX', 1000) return redis.call('TIME')`;
const BEAT_KEY = 'heliograph:beat';

export interface RedisLinkOptions {
  /** Milliseconds from finding Redis until it is `settled`; default 2,000. */
  readonly holdMs?: number;
  /** Milliseconds within which Redis has to answer; default 250: longer than that, and asking PostgreSQL is quicker. */
  readonly answerMs?: number;
}

/**
 * The connection to Redis, made and made again by itself. One command without an answer in time, or one refused beat (a replica takes no
 * writes), and Redis counts as away: every further command fails at once, so that nobody waits for it, until a beat is answered again.
 */
export class RedisLink {
  readonly #client: RedisClientType;
  readonly #holdMs: number;
  readonly #answerMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #listeners: (() => Promise<void>)[] = [];
  readonly #contact = Promise.withResolvers<void>();
  #here = false;
  #beating = false;
  #foundAt = 0;
  #settlesAt = Infinity;

  /** @param url `redis://` or `rediss://` */
  constructor(url: string, { holdMs = HOLD_MS, answerMs = ANSWER_MS }: RedisLinkOptions = {}) {
    this.#holdMs = holdMs;
    this.#answerMs = answerMs;
    this.#client = createClient({
      url,
      disableOfflineQueue: true,
      // We have our own; the client's makes an AbortSignal for every command.
      commandOptions: { timeout: undefined },
      commandsQueueMaxLength: 10_000,
      socket: { connectTimeout: 2_000, socketTimeout: SILENCE_MS, reconnectStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, LONGEST_RECONNECT_MS) },
    }) as RedisClientType;
    up.set(0);
    this.#client.on('error', (error: Error) => this.#lose(error.message));
    this.#client.on('ready', () => this.#beat());
    this.#client.connect().catch(() => undefined);
    this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref();
    setTimeout(this.#contact.resolve, FIRST_CONTACT_MS).unref();
  }

  /**
   * Whether what is in Redis can be believed: it has answered for a while, so that every process had time to tell it what it could not
   * tell while Redis was away.
   */
  get settled(): boolean {
    return this.#here && performance.now() >= this.#settlesAt;
  }

  /** When Redis answered again, by its own clock, milliseconds since the epoch: who was away may not have noticed what became of older entries. */
  get foundAt(): number {
    return this.#foundAt;
  }

  /** Resolves when Redis was found for the first time, or after a second. */
  get contact(): Promise<void> {
    return this.#contact.promise;
  }

  /** Calls `listener` whenever Redis answers again. */
  onFound(listener: () => Promise<void>): void {
    this.#listeners.push(listener);
  }

  /** Undefined when Redis is away, refuses, or does not answer in time. @param command for the metrics. */
  async ask<T>(command: string, send: (client: RedisClientType) => Promise<T>): Promise<T | undefined> {
    if (!this.#here) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        // When it was this process that stood still the answer is here already: it is read before the immediate runs.
        setImmediate(resolve, undefined);
      }, this.#answerMs);
    });
    try {
      const answer = await Promise.race([send(this.#client), late]);
      if (answer !== undefined) return answer;
      this.#lose(`no answer to ${command} within ${this.#answerMs} ms`);
    } catch (error) {
      log.debug({ err: error, command }, 'Redis refused a command');
    } finally {
      clearTimeout(timer);
    }
    failures.inc({ command });
    return undefined;
  }

  /** Sends a command that nobody waits for, also to a Redis that does not answer just now: it finds it when it goes on. */
  leave(send: (client: RedisClientType) => Promise<unknown>): void {
    if (this.#client.isReady) send(this.#client).catch(() => undefined);
  }

  /** Drops all keys that begin with `prefix`. Undefined when Redis went away meanwhile. */
  async dropAll(prefix: string): Promise<number | undefined> {
    let dropped = 0;
    for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
      const from = cursor;
      const page = await this.ask('scan', (client) => client.scan(from, { MATCH: `${prefix}*`, COUNT: 1_000 }));
      if (!page) return undefined;
      if (page.keys.length > 0 && (await this.ask('delete', (client) => client.unlink(page.keys))) === undefined) return undefined;
      dropped += page.keys.length;
      cursor = page.cursor;
    }
    return dropped;
  }

  /** Rejects when Redis does not answer. */
  async ping(): Promise<void> {
    if ((await this.ask('ping', (client) => client.ping())) === undefined) throw new Error('Redis does not answer');
  }

  close(): void {
    clearInterval(this.#timer);
    this.#here = false;
    this.#client.destroy();
  }

  /** One at a time: an answer that comes late says that Redis is back. */
  #beat(): void {
    if (this.#beating || !this.#client.isReady) return;
    this.#beating = true;
    const late = setTimeout(() => setImmediate(() => this.#beating && this.#lose(`no beat within ${this.#answerMs} ms`)), this.#answerMs);
    const beat = this.#client.eval(BEAT, { keys: [BEAT_KEY] }) as Promise<[string, string]>;
    beat
      .finally(() => {
        clearTimeout(late);
        this.#beating = false;
      })
      .then(
        ([seconds, microseconds]) => this.#find(Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)),
        (error: Error) => this.#lose(error.message),
      );
  }

  #find(time: number): void {
    if (this.#here) return;
    this.#here = true;
    this.#foundAt = time;
    this.#settlesAt = performance.now() + this.#holdMs;
    up.set(1);
    this.#contact.resolve();
    for (const listener of this.#listeners) listener().catch((error: unknown) => log.debug({ err: error }, 'Redis was not told everything'));
  }

  #lose(reason: string): void {
    if (!this.#here) return;
    this.#here = false;
    up.set(0);
    log.warn({ reason }, 'Redis is away; everything works, slower');
  }
}
