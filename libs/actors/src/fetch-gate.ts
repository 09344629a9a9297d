import type { FetchDocument } from './documents.ts';
import { countFetch } from './metrics.ts';
import { busy } from './outcomes.ts';

/** The longest wait for a place, in milliseconds: whoever asks is waiting for an answer, and better comes back later. */
const MAX_WAIT_MS = 1_000;

/**
 * Bounds how many fetches strangers can make us have under way, whatever hosts they name: a signature that is not worth anything causes
 * one, and a host of theirs may take its time. As many again wait for a place, briefly; what is beyond that is turned away, and so is
 * whatever would give one host more than half of the places: a slow one leaves room for the others.
 */
export class FetchGate {
  readonly #hosts = new Map<string, number>();
  /** Oldest first; calling one lets it in. */
  readonly #waiting = new Set<() => void>();
  readonly #maxPerHost: number;
  #active = 0;

  constructor(
    private readonly maxActive: number,
    private readonly maxWaitMs = MAX_WAIT_MS,
  ) {
    this.#maxPerHost = Math.ceil(maxActive / 2);
  }

  /** The same fetch behind this gate: `unavailable`, and nobody asked, when there is no place. */
  guard(fetch: FetchDocument): FetchDocument {
    return async (url, kind, options) => {
      const { host } = new URL(url);
      const share = this.#hosts.get(host) ?? 0;
      if (share >= this.#maxPerHost) return turnedAway(kind);
      this.#hosts.set(host, share + 1);
      try {
        if (!(await this.#enter())) return turnedAway(kind);
        try {
          return await fetch(url, kind, options);
        } finally {
          this.#leave();
        }
      } finally {
        this.#release(host);
      }
    };
  }

  async #enter(): Promise<boolean> {
    if (this.#active < this.maxActive) {
      this.#active += 1;
      return true;
    }
    return this.#waiting.size < this.maxActive && this.#turn();
  }

  #turn(): Promise<boolean> {
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(go);
        resolve(false);
      }, this.maxWaitMs);
      this.#waiting.add(go);
    });
  }

  /** Hands the place to whoever waits longest. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next();
    } else {
      this.#active -= 1;
    }
  }

  #release(host: string): void {
    const share = (this.#hosts.get(host) ?? 1) - 1;
    if (share === 0) this.#hosts.delete(host);
    else this.#hosts.set(host, share);
  }
}

function turnedAway(kind: Parameters<FetchDocument>[1]) {
  countFetch(kind, 'busy');
  return busy();
}
