// People of ours who set, remove and delete their statuses by the client API, each command under a key of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, send } from './send.mjs';

const PAUSE_MS = [400, 1_500];
const RETRY_MS = [300, 1_500];
/** What somebody has just set may not show yet: 404 and 422 of a Remove or Delete mean "not yet", and the client asks again. */
const NOT_YET = [404, 422];

export class LocalSender {
  #account;
  #gateway;
  #ledger;
  #random;
  #number = 0;
  #recent = [];

  /** @param gateway its port */
  constructor({ account, gateway, ledger, random }) {
    this.#account = account;
    this.#gateway = gateway;
    this.#ledger = ledger;
    this.#random = random;
  }

  async run(stopping, giveUp) {
    while (!stopping()) {
      await this.#act(giveUp);
      await sleep(this.#random.between(...PAUSE_MS));
    }
  }

  #act(giveUp) {
    const random = this.#random;
    const turn = random.between(0, 99);
    if (turn < 65 || this.#recent.length === 0) return this.#publish(giveUp);
    if (turn < 75) return Promise.all([this.#publish(giveUp), this.#publish(giveUp)]);
    const statusId = random.chance(0.6) ? this.#recent.at(-1) : random.pick(this.#recent);
    return turn < 88 ? this.#remove(statusId, giveUp) : this.#delete(statusId, giveUp);
  }

  async #publish(giveUp) {
    const { id: actor, history: keep } = this.#account;
    this.#number += 1;
    const text = `${this.#account.name} ${this.#number}`;
    const expiresIn = this.#random.chance(0.1) ? this.#random.pick([5, 86_400]) : undefined;
    const entry = this.#ledger.open({ kind: 'publish', origin: 'local', actor, statusId: null, published: null, text, endTime: null, keep });
    const answer = await this.#ask(entry, { method: 'PUT', path: '/api/status', body: { content: text, expiresIn } }, giveUp);
    if (entry.acknowledgedAt === null) return;
    const { status } = JSON.parse(answer.body);
    Object.assign(entry, { statusId: status.id, published: status.published, endTime: status.endTime ?? null });
    this.#recent = [...this.#recent.slice(-9), status.id];
  }

  #remove(statusId, giveUp) {
    return this.#retract('remove', statusId, { method: 'POST', path: `/users/${this.#account.name}/outbox`, body: { type: 'Remove', object: statusId } }, giveUp);
  }

  #delete(statusId, giveUp) {
    return this.#retract('delete', statusId, { method: 'DELETE', path: `/api/statuses/${statusId.split('/').at(-1)}`, body: null }, giveUp);
  }

  #retract(kind, statusId, request, giveUp) {
    const entry = this.#ledger.open({ kind, origin: 'local', actor: this.#account.id, statusId });
    return this.#ask(entry, request, giveUp, (status) => !NOT_YET.includes(status));
  }

  #ask(entry, { method, path, body }, giveUp, isRefusal) {
    const headers = {
      authorization: `Bearer ${this.#account.token}`,
      'idempotency-key': `${this.#account.name} ${this.#ledger.entries.length}`,
      ...(body && { 'content-type': 'application/json' }),
    };
    const attempt = () => send({ port: this.#gateway, method, path, headers, body: Buffer.from(body ? JSON.stringify(body) : '') });
    return ask(entry, attempt, { pauseMs: () => this.#random.between(...RETRY_MS), giveUp, isRefusal });
  }
}
