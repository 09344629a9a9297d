import { counter, createLogger, gauge } from '@heliograph/platform';
import { createClient } from 'redis';
import type { ActorCache } from './actor-cache.ts';

const log = createLogger('actors');
const up = gauge('heliograph_redis_up', 'Whether Redis answers: 1 or 0');
const failures = counter('heliograph_redis_failures_total', 'Commands to Redis that were not answered in time', ['command']);

/** Longer than this, and asking the database is quicker. */
const ANSWER_MS = 250;
const PREFIX = 'heliograph:actor:';
/** Entries that could not be dropped; with more, all are dropped at the next contact. */
const MOST_MISSED = 10_000;

/**
 * In Redis, shared by all processes. While Redis is away nothing is found and nothing kept: everything works, slower, and the metrics
 * say so. What should have been dropped meanwhile is dropped at the next contact.
 */
export class RedisActorCache implements ActorCache {
  readonly #client: ReturnType<typeof createClient>;
  #missed = new Set<string>();

  /** @param url `redis://` or `rediss://`. Connects by itself, and again whenever the connection is lost. */
  constructor(url: string) {
    this.#client = createClient({
      url,
      disableOfflineQueue: true,
      socket: { connectTimeout: 2_000, reconnectStrategy: (attempt: number) => Math.min(100 * 2 ** attempt, 5_000) },
    });
    up.set(0);
    this.#client.on('error', (error: Error) => {
      up.set(0);
      log.debug({ reason: error.message }, 'Redis does not answer');
    });
    this.#client.on('ready', () => {
      up.set(1);
      // Fails when the connection is lost again: the next one tries again.
      this.#dropMissed().catch(() => undefined);
    });
    this.#client.connect().catch(() => undefined);
  }

  async get(key: string): Promise<string | null> {
    if (this.#missed.size > 0) return null;
    return (await this.#ask('get', () => this.#client.get(PREFIX + key))) ?? null;
  }

  async set(key: string, value: string, ttlMs: number, options?: { readonly onlyIfAbsent: boolean }): Promise<void> {
    if (ttlMs < 1) return;
    const expiration = { type: 'PX' as const, value: Math.floor(ttlMs) };
    const stored = await this.#ask('set', () => this.#client.set(PREFIX + key, value, { expiration, ...(options?.onlyIfAbsent ? { condition: 'NX' as const } : {}) }));
    // It may have replaced something that is still there.
    if (stored === undefined && !options?.onlyIfAbsent) this.#missed.add(key);
  }

  async delete(key: string): Promise<void> {
    if ((await this.#ask('delete', () => this.#client.del(PREFIX + key))) === undefined) this.#missed.add(key);
  }

  /** Rejects when Redis does not answer. */
  async ping(): Promise<void> {
    if ((await this.#ask('ping', () => this.#client.ping())) === undefined) throw new Error('Redis does not answer');
  }

  close(): void {
    this.#client.destroy();
  }

  async #dropMissed(): Promise<void> {
    const missed = [...this.#missed];
    if (missed.length > MOST_MISSED) {
      for await (const keys of this.#client.scanIterator({ MATCH: `${PREFIX}*`, COUNT: 1_000 })) if (keys.length > 0) await this.#client.del(keys);
    } else if (missed.length > 0) {
      await this.#client.del(missed.map((key) => PREFIX + key));
    }
    for (const key of missed) this.#missed.delete(key);
  }

  /** Undefined when there was no answer in time. */
  async #ask<T>(command: string, send: () => Promise<T>): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, ANSWER_MS, undefined)));
    try {
      if (!this.#client.isReady) return undefined;
      const answer = await Promise.race([send(), late]);
      if (answer === undefined) failures.inc({ command });
      return answer;
    } catch {
      failures.inc({ command });
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}
