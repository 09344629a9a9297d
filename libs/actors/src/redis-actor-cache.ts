import type { ActorCache } from './actor-cache.ts';
import type { RedisLink } from './redis-link.ts';

const PREFIX = 'heliograph:actor:';
/** Entries that could not be dropped; with more, all are dropped at the next contact. */
const MOST_MISSED = 10_000;

/**
 * In Redis, shared by all processes. While Redis is away nothing is found and nothing kept: everything works, slower, and the metrics
 * say so. What should have been dropped meanwhile is dropped at the next contact.
 */
export class RedisActorCache implements ActorCache {
  readonly #link: RedisLink;
  #missed = new Set<string>();

  constructor(link: RedisLink) {
    this.#link = link;
    link.onFound(() => this.#dropMissed());
  }

  async get(key: string): Promise<string | null> {
    if (this.#missed.size > 0) return null;
    return (await this.#link.ask('get', (client) => client.get(PREFIX + key))) ?? null;
  }

  async set(key: string, value: string, ttlMs: number, options?: { readonly onlyIfAbsent: boolean }): Promise<void> {
    if (ttlMs < 1) return;
    const expiration = { type: 'PX' as const, value: Math.floor(ttlMs) };
    const stored = await this.#link.ask('set', (client) => client.set(PREFIX + key, value, { expiration, ...(options?.onlyIfAbsent ? { condition: 'NX' as const } : {}) }));
    // It may have replaced something that is still there.
    if (stored === undefined && !options?.onlyIfAbsent) this.#missed.add(key);
  }

  async delete(key: string): Promise<void> {
    if ((await this.#link.ask('delete', (client) => client.del(PREFIX + key))) === undefined) this.#missed.add(key);
  }

  async #dropMissed(): Promise<void> {
    const missed = [...this.#missed];
    if (missed.length === 0) return;
    const dropped = missed.length > MOST_MISSED ? await this.#link.dropAll(PREFIX) : await this.#link.ask('delete', (client) => client.del(missed.map((key) => PREFIX + key)));
    if (dropped !== undefined) for (const key of missed) this.#missed.delete(key);
  }
}
