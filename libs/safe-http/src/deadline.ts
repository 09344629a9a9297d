/** One timer and the caller's own signal over a whole exchange. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  /** Aborts with `reason()` after `milliseconds`, or with the outer signal's reason when that aborts. */
  constructor(
    milliseconds: number,
    reason: () => Error,
    private readonly outer?: AbortSignal,
  ) {
    this.#timer = setTimeout(() => this.#controller.abort(reason()), milliseconds);
    if (outer?.aborted) this.#follow();
    else outer?.addEventListener('abort', this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The promise, or the rejection of the signal if that comes first: for work that cannot be aborted itself, such as a DNS query. */
  race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    });
  }

  /** Must be called when the exchange is over, else the timer and the listener stay. */
  end(): void {
    clearTimeout(this.#timer);
    this.outer?.removeEventListener('abort', this.#follow);
  }

  readonly #follow = () => this.#controller.abort(this.outer?.reason);
}
