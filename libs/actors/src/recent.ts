export interface RecentOptions {
  /** Of all keys and values together, as told to `set`. */
  readonly maxLength: number;
  readonly ttlMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface Entry<T> {
  readonly value: T;
  readonly length: number;
  readonly expiresAt: number;
}

/** What an entry takes beside its key and value, about. */
const OVERHEAD = 500;

/** What was just looked up, as it was found: no round trip, nothing to parse. Bounded; what came first goes first. */
export class Recent<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #maxLength: number;
  readonly #ttlMs: number;
  readonly #now: () => number;
  #length = 0;

  constructor({ maxLength, ttlMs, now }: RecentOptions) {
    this.#maxLength = maxLength;
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  get(key: string): T | null {
    const entry = this.#entries.get(key);
    return entry && entry.expiresAt > this.#now() ? entry.value : null;
  }

  /** @param length of the value, such as that of its JSON. */
  set(key: string, value: T, length: number): void {
    this.#drop(key);
    const taken = key.length + length + OVERHEAD;
    this.#entries.set(key, { value, length: taken, expiresAt: this.#now() + this.#ttlMs });
    this.#length += taken;
    for (const oldest of this.#entries.keys()) {
      if (this.#length <= this.#maxLength) break;
      this.#drop(oldest);
    }
  }

  /** As `set`, but leaves what is there: a slow reader does not put back what was replaced meanwhile. */
  add(key: string, value: T, length: number): void {
    if (this.get(key) === null) this.set(key, value, length);
  }

  #drop(key: string): void {
    this.#length -= this.#entries.get(key)?.length ?? 0;
    this.#entries.delete(key);
  }
}
