// The two ways to see a status: the stream of somebody who follows all senders, and reading the actor again and again.
import { setTimeout as sleep } from 'node:timers/promises';

const READ_EVERY_MS = 5;
/** A status that is not seen after this long is lost. */
const PATIENCE_MS = 60_000;

/** The number of a status by its id; -1 without one. */
const numberOf = (id) => Number(/\/statuses\/(\d+)$/.exec(id ?? '')?.[1] ?? -1);

/** Follows the home stream. What is seen of an actor counts for its older statuses, too: only the current one is ever told. */
export class StreamWatch {
  #newest = new Map();
  #waiting = new Map();
  #abort = new AbortController();

  static async open(origin, token) {
    const watch = new StreamWatch();
    const answer = await fetch(`${origin}/api/stream`, { headers: { authorization: `Bearer ${token}` }, signal: watch.#abort.signal });
    if (answer.status !== 200) throw new Error(`the stream answered ${answer.status}`);
    void watch.#read(answer.body).catch(() => undefined);
    return watch;
  }

  /** Resolves to the moment (`performance.now()`) at which the stream tells of the actor's status `number`, or of a later one. */
  seen(actor, number) {
    if ((this.#newest.get(actor) ?? -1) >= number) return Promise.resolve(performance.now());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the stream does not tell of status ${number} of ${actor}`)), PATIENCE_MS);
      const waiting = this.#waiting.get(actor) ?? [];
      this.#waiting.set(actor, [...waiting, { number, resolve: (at) => (clearTimeout(timer), resolve(at)) }]);
    });
  }

  close() {
    this.#abort.abort();
  }

  async #read(body) {
    let text = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const events = text.split('\n\n');
      text = events.pop();
      const at = performance.now();
      for (const event of events) if (event.startsWith('event: published')) this.#tell(JSON.parse(event.slice(event.indexOf('data: ') + 6)), at);
    }
  }

  #tell({ actor, status }, at) {
    const number = numberOf(status.id);
    this.#newest.set(actor.id, number);
    const waiting = this.#waiting.get(actor.id) ?? [];
    for (const one of waiting) if (one.number <= number) one.resolve(at);
    this.#waiting.set(actor.id, waiting.filter((one) => one.number > number));
  }
}

/** Reads the actor's status until it is `number` or later; resolves to the moment of the answer that has it. @param {import('undici').Pool} gateway */
export async function readUntil(gateway, actor, number) {
  const path = `/api/actors/${encodeURIComponent(actor)}/status`;
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await sleep(READ_EVERY_MS)) {
    const { body } = await gateway.request({ method: 'GET', path });
    const { status } = await body.json();
    if (numberOf(status?.id) >= number) return performance.now();
  }
  throw new Error(`the actor API does not show status ${number} of ${actor}`);
}
