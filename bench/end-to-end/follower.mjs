// A server elsewhere whose people follow people here: takes what is delivered, and says when.
import { once } from 'node:events';
import { createServer } from 'node:http';

export class Follower {
  #server = createServer((request, response) => void this.#answer(request, response));
  #waiting = new Map();
  #arrived = new Map();

  static async start() {
    const follower = new Follower();
    follower.#server.listen(0, '127.0.0.1');
    await once(follower.#server, 'listening');
    return follower;
  }

  /** Makes somebody there a follower. @param {import('pg').Client} database @param actors IRIs of the followed */
  async follow(database, actors) {
    const origin = `http://127.0.0.1:${this.#server.address().port}`;
    await database.query(
      `INSERT INTO follower (actor, follower, follow_id, follow_at, inbox, shared_inbox, audience_inbox, since)
       SELECT actor, $2 || '/users/bob', $2 || '/follows/' || number, now(), $2 || '/users/bob/inbox', $2 || '/inbox', $2 || '/inbox', now()
       FROM unnest($1::text[]) WITH ORDINALITY AS followed(actor, number)`,
      [actors, origin],
    );
  }

  /** Resolves to the moment (`performance.now()`) at which the status of this id arrived. */
  received(id) {
    if (this.#arrived.has(id)) return Promise.resolve(this.#arrived.get(id));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(202).end();
    const { object } = JSON.parse(Buffer.concat(chunks));
    const id = object?.id;
    if (!id || this.#arrived.has(id)) return;
    this.#arrived.set(id, performance.now());
    this.#waiting.get(id)?.(performance.now());
  }
}
