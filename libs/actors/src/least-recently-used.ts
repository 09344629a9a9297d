export interface Bounds {
  readonly maxEntries: number;
  /** Of all entries together, in the unit of `lengthOf`. */
  readonly maxLength: number;
}

/** A map within bounds: what was not used for longest goes first. */
export class LeastRecentlyUsed<V> {
  /** Map keeps the order of insertion: the first is the one not used for longest. */
  readonly #entries = new Map<string, V>();
  readonly #bounds: Bounds;
  readonly #lengthOf: (key: string, value: V) => number;
  #length = 0;

  constructor(bounds: Bounds, lengthOf: (key: string, value: V) => number) {
    this.#bounds = bounds;
    this.#lengthOf = lengthOf;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.delete(key);
    this.#entries.set(key, value);
    this.#length += this.#lengthOf(key, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#bounds.maxEntries && this.#length <= this.#bounds.maxLength) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#length -= this.#lengthOf(key, value);
  }
}
