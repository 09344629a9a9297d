import { LeastRecentlyUsed } from './least-recently-used.ts';

/** A cache shared by whoever looks up actors: this process's memory, or Redis. Losing an entry, at any time, costs a look-up and no more. */
export interface ActorCache {
  get(key: string): Promise<string | null>;
  /** `onlyIfAbsent`: leaves an entry that is there, so that a slow reader does not put back what was replaced meanwhile. */
  set(key: string, value: string, ttlMs: number, options?: { readonly onlyIfAbsent: boolean }): Promise<void>;
  delete(key: string): Promise<void>;
}

export interface MemoryActorCacheOptions {
  /** Default 10,000. */
  readonly maxEntries?: number;
  /** Of all keys and values together, UTF-16 units; default 16,000,000. An actor takes about 2,000. */
  readonly maxLength?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

interface Entry {
  readonly value: string;
  readonly expiresAt: number;
}

/** In this process's memory: what was not used for longest goes first. */
export class MemoryActorCache implements ActorCache {
  readonly #entries: LeastRecentlyUsed<Entry>;
  readonly #now: () => number;

  constructor({ maxEntries = 10_000, maxLength = 16_000_000, now = Date.now }: MemoryActorCacheOptions = {}) {
    this.#entries = new LeastRecentlyUsed({ maxEntries, maxLength }, (key, { value }) => key.length + value.length);
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  async get(key: string): Promise<string | null> {
    return this.#find(key)?.value ?? null;
  }

  async set(key: string, value: string, ttlMs: number, options?: { readonly onlyIfAbsent: boolean }): Promise<void> {
    if (options?.onlyIfAbsent && this.#find(key)) return;
    this.#entries.set(key, { value, expiresAt: this.#now() + ttlMs });
  }

  async delete(key: string): Promise<void> {
    this.#entries.delete(key);
  }

  /** The entry, unless it is too old: then it goes. */
  #find(key: string): Entry | null {
    const entry = this.#entries.get(key);
    if (!entry) return null;
    if (entry.expiresAt > this.#now()) return entry;
    this.#entries.delete(key);
    return null;
  }
}
