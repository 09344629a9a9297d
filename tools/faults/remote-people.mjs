// People of other servers who set, remove and delete their statuses, each in signed activities to our inbox.
import { setTimeout as sleep } from 'node:timers/promises';
import { signRequest } from '../../libs/http-signatures/dist/index.js';
import { ask, send } from './send.mjs';

const CONTEXT = ['https://www.w3.org/ns/activitystreams', { sm: 'http://smithereen.software/ns#', ActorStatus: 'sm:ActorStatus' }];
const PAUSE_MS = [200, 1_000];
const RETRY_MS = [300, 1_500];
/** After so many attempts a sender goes on with what is next, and comes back to this in between. */
const ATTEMPTS_IN_LINE = 3;
const DAY_MS = 86_400_000;

/** The shared inbox of a server under test; signs and sends what a remote person says. */
export class Wire {
  #publicUrl;
  #port;

  /** @param port where inbox-ingest listens, which in production the proxy knows */
  constructor(publicUrl, port) {
    this.#publicUrl = publicUrl;
    this.#port = port;
  }

  /** One attempt; the body stays the same, the signature is fresh. */
  post(person, activity, path = '/inbox') {
    const body = Buffer.from(JSON.stringify(activity));
    const signed = signRequest({ method: 'POST', url: this.#publicUrl + path, body, keyId: person.keyId, privateKeyPem: person.privateKeyPem, date: new Date() });
    return send({ port: this.#port, method: 'POST', path, headers: { ...signed, 'content-type': 'application/activity+json' }, body });
  }
}

/** One person who says something all the time. */
export class RemoteSender {
  #person;
  #wire;
  #ledger;
  #random;
  #keep;
  #number = 0;
  #published = Date.now() - DAY_MS;
  /** Ids of what was said last, newest last. */
  #recent = [];
  #later = new Set();

  constructor({ person, wire, ledger, random, keep }) {
    this.#person = person;
    this.#wire = wire;
    this.#ledger = ledger;
    this.#random = random;
    this.#keep = keep;
  }

  /** Until `stopping()`; then what nobody has acknowledged yet is sent on until it is, or `giveUp()`. */
  async run(stopping, giveUp) {
    while (!stopping()) {
      await this.#say(giveUp);
      await sleep(this.#random.between(...PAUSE_MS));
    }
    await Promise.all(this.#later);
  }

  async #say(giveUp) {
    const random = this.#random;
    const turn = random.between(0, 99);
    if (turn < 75 || this.#recent.length === 0) return this.#tell(this.#create(), giveUp);
    const id = random.chance(0.6) ? this.#recent.at(-1) : random.pick(this.#recent);
    if (turn < 85) return this.#tell(this.#retract('Remove', id), giveUp);
    if (turn < 95) return this.#tell(this.#retract('Delete', id), giveUp);
    // What takes it back overtakes the Create.
    const create = this.#create();
    await this.#tell(this.#retract(random.pick(['Remove', 'Delete']), create.about.statusId), giveUp);
    await this.#tell(create, giveUp);
  }

  async #tell({ about, activity }, giveUp) {
    const entry = this.#ledger.open(about);
    const random = this.#random;
    const pauseMs = () => random.between(...RETRY_MS);
    const attempt = () => this.#wire.post(this.#person, activity);
    let attempts = 0;
    await ask(entry, attempt, { pauseMs, giveUp: () => giveUp() || (attempts += 1) > ATTEMPTS_IN_LINE });
    if (entry.acknowledgedAt === null && !entry.refused) return this.#comeBackTo(entry, attempt, { pauseMs: () => 3 * pauseMs(), giveUp });
    // Some senders send twice.
    if (random.chance(0.03)) await attempt().catch(() => undefined);
  }

  #comeBackTo(entry, attempt, options) {
    // A few servers do not come back.
    if (this.#random.chance(0.05)) return void (entry.givenUp = true);
    const work = ask(entry, attempt, options).then(() => this.#later.delete(work));
    this.#later.add(work);
  }

  #create() {
    const random = this.#random;
    const actor = this.#person.id;
    const isNewVersion = this.#recent.length > 0 && random.chance(0.05);
    if (!isNewVersion) this.#number += 1;
    const statusId = isNewVersion ? this.#recent.at(-1) : `${actor}/statuses/${this.#number}`;
    this.#published += random.between(1, 1_000);
    // One in twenty was set before others that came first.
    const published = written(random.chance(0.05) ? this.#published - 500_000_000 : this.#published, random);
    const text = `${this.#person.name} ${this.#number} ${this.#ledger.entries.length}`;
    const endTime = this.#endTime();
    if (!isNewVersion) this.#recent = [...this.#recent.slice(-9), statusId];
    const object = { type: 'ActorStatus', id: statusId, attributedTo: actor, content: text, published, ...(endTime && { endTime }) };
    const activity = { '@context': CONTEXT, type: 'Create', id: `${statusId}#create`, actor, to: [`${actor}/followers`], object };
    return { about: { kind: 'publish', origin: 'remote', actor, statusId, published, text, endTime, keep: this.#keep }, activity };
  }

  #retract(type, statusId) {
    const actor = this.#person.id;
    const inlined = { type: 'ActorStatus', id: statusId, attributedTo: actor, content: '', published: new Date().toISOString() };
    const object = this.#random.chance(0.5) ? inlined : { type: 'Tombstone', formerType: 'ActorStatus', id: statusId };
    const activity = { '@context': CONTEXT, type, id: `${statusId}#${type.toLowerCase()}`, actor, to: [`${actor}/followers`], object };
    return { about: { kind: type.toLowerCase(), origin: 'remote', actor, statusId }, activity };
  }

  /** Few end at all: some within seconds, some long after the run. */
  #endTime() {
    if (!this.#random.chance(0.1)) return null;
    const ms = this.#random.chance(0.5) ? this.#random.between(3_000, 9_000) : DAY_MS;
    return new Date(Math.ceil((Date.now() + ms) / 1_000) * 1_000).toISOString();
  }
}

/** RFC 3339 as different servers write it. */
function written(ms, random) {
  const text = new Date(ms).toISOString();
  return random.chance(0.2) ? text.replace('Z', '000+00:00') : text;
}
