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
  /** Map keeps the order of insertion: the first is the one not used for longest. */
  readonly #entries = new Map<string, Entry>();
  readonly #maxEntries: number;
  readonly #maxLength: number;
  readonly #now: () => number;
  #length = 0;

  constructor({ maxEntries = 10_000, maxLength = 16_000_000, now = Date.now }: MemoryActorCacheOptions = {}) {
    this.#maxEntries = maxEntries;
    this.#maxLength = maxLength;
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  async get(key: string): Promise<string | null> {
    const entry = this.#take(key);
    if (!entry) return null;
    this.#put(key, entry);
    return entry.value;
  }

  async set(key: string, value: string, ttlMs: number, options?: { readonly onlyIfAbsent: boolean }): Promise<void> {
    const before = this.#take(key);
    this.#put(key, before && options?.onlyIfAbsent ? before : { value, expiresAt: this.#now() + ttlMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#length <= this.#maxLength) break;
      this.#take(oldest);
    }
  }

  async delete(key: string): Promise<void> {
    this.#take(key);
  }

  #put(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#length += key.length + entry.value.length;
  }

  /** Removes the entry, and returns it unless it is too old. */
  #take(key: string): Entry | null {
    const entry = this.#entries.get(key);
    if (!entry) return null;
    this.#entries.delete(key);
    this.#length -= key.length + entry.value.length;
    return entry.expiresAt > this.#now() ? entry : null;
  }
}
