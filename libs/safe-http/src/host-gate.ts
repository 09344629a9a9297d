import { SafeHttpError } from './errors.ts';

interface Lane {
  active: number;
  /** Oldest first; calling one lets it in. */
  readonly waiting: Set<() => void>;
}

/** Lets a bounded number of exchanges with one host run at a time, others wait in order, and what is beyond that is turned away. */
export class HostGate {
  readonly #lanes = new Map<string, Lane>();

  constructor(
    private readonly maxActive: number,
    private readonly maxWaiting: number,
  ) {}

  /**
   * Resolves, when it is this caller's turn, to the function that ends it.
   * @throws {SafeHttpError} `unreachable` when too many wait; the signal's reason when it aborts first.
   */
  async enter(host: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const lane = this.#lanes.get(host) ?? { active: 0, waiting: new Set() };
    this.#lanes.set(host, lane);
    if (lane.active < this.maxActive) {
      lane.active += 1;
    } else if (lane.waiting.size >= this.maxWaiting) {
      throw new SafeHttpError('unreachable', `too many requests wait for ${host}`);
    } else {
      await this.#turn(lane, signal);
    }
    return () => this.#leave(host, lane);
  }

  #turn(lane: Lane, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        lane.waiting.delete(go);
        reject(signal.reason);
      };
      const go = () => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      lane.waiting.add(go);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  /** Hands the place to whoever waits longest. */
  #leave(host: string, lane: Lane): void {
    const [next] = lane.waiting;
    if (next) {
      lane.waiting.delete(next);
      next();
      return;
    }
    lane.active -= 1;
    if (lane.active === 0) this.#lanes.delete(host);
  }
}
