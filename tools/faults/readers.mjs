// Readers of the event stream: what each is told on one connection.
import { setTimeout as sleep } from 'node:timers/promises';

const RECONNECT_MS = 500;

export class StreamReader {
  #url;
  #stop = new AbortController();
  #reading;
  #connections = 0;
  /** See `Streamed` in checker.d.mts. */
  streamed = [];

  constructor(gateway, actor) {
    this.#url = `http://127.0.0.1:${gateway}/api/stream?actor=${encodeURIComponent(actor)}`;
    this.actor = actor;
    this.#reading = this.#run();
  }

  async stop() {
    this.#stop.abort();
    await this.#reading;
  }

  async #run() {
    while (!this.#stop.signal.aborted) {
      this.#connections += 1;
      await this.#connect().catch(() => undefined);
      await sleep(RECONNECT_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #connect() {
    const response = await fetch(this.#url, { signal: this.#stop.signal });
    if (response.status !== 200) return void (await response.body?.cancel());
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop();
      for (const block of blocks) this.#heard(block);
    }
  }

  #heard(block) {
    const event = /^event: (.+)$/m.exec(block)?.[1];
    if (!event || event === 'snapshot') return;
    const { status } = JSON.parse(/^data: (.+)$/m.exec(block)[1]);
    this.streamed.push({ connection: this.#connections, actor: this.actor, event, statusId: status.id, text: status.content, at: Date.now() });
  }
}
