import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

/** Signs statuses on all cores; each call goes on with the numbers where the last one ended. */
export class Signer {
  #workers;
  #next = 0;

  /** @param people how many take turns */
  constructor(keys, people, origin) {
    const file = path.join(import.meta.dirname, 'sign-worker.mjs');
    this.#workers = Array.from({ length: availableParallelism() }, () => new Worker(file, { workerData: { keys, people, origin } }));
  }

  /** @returns {Promise<{ number: number, request: object }[]>} in the order of the numbers */
  async sign(count) {
    const numbers = Array.from({ length: count }, () => this.#next++);
    const share = Math.ceil(count / this.#workers.length);
    const signed = await Promise.all(
      this.#workers.map(async (worker, i) => {
        const answer = once(worker, 'message');
        worker.postMessage(numbers.slice(i * share, (i + 1) * share));
        return (await answer)[0];
      }),
    );
    return signed.flat();
  }

  async stop() {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
