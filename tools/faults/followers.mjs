// People of other servers who follow ours: some for good, some who cannot make up their minds.
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './send.mjs';

const PAUSE_MS = [1_000, 5_000];
const RETRY_MS = [300, 1_500];

export class RemoteFollower {
  #person;
  #wire;
  #ledger;
  #random;
  #number = 0;

  constructor({ person, wire, ledger, random }) {
    this.#person = person;
    this.#wire = wire;
    this.#ledger = ledger;
    this.#random = random;
  }

  /** Follows `actor` and comes back when that is acknowledged. @param steady whether it stays for the whole run. @returns id of the Follow */
  async follow(actor, giveUp = () => false, steady = false) {
    this.#number += 1;
    const followId = `${this.#person.id}/follows/${this.#number}`;
    await this.#tell('follow', actor, followId, { type: 'Follow', id: followId, actor: this.#person.id, object: actor }, giveUp, steady);
    return followId;
  }

  /** Follows and unfollows, one after the other, until `stopping()`. */
  async waver(actors, stopping, giveUp) {
    const follows = new Map();
    while (!stopping()) {
      await sleep(this.#random.between(...PAUSE_MS));
      const actor = this.#random.pick(actors);
      const followId = follows.get(actor);
      if (!followId) follows.set(actor, await this.follow(actor, giveUp));
      else if (this.#random.chance(0.7)) {
        await this.#undo(actor, followId, giveUp);
        follows.delete(actor);
        // A new Follow in the place of one that stands.
      } else follows.set(actor, await this.follow(actor, giveUp));
    }
  }

  async #undo(actor, followId, giveUp) {
    const { id } = this.#person;
    const object = { type: 'Follow', id: followId, actor: id, object: actor };
    await this.#tell('undo', actor, followId, { type: 'Undo', id: `${followId}/undo`, actor: id, object }, giveUp);
  }

  async #tell(kind, actor, followId, activity, giveUp, steady = false) {
    const { id, inbox, audience } = this.#person;
    const entry = this.#ledger.open({ kind, actor, follower: id, followId, inbox, audience, steady });
    const message = { '@context': 'https://www.w3.org/ns/activitystreams', ...activity };
    await ask(entry, () => this.#wire.post(this.#person, message), { pauseMs: () => this.#random.between(...RETRY_MS), giveUp });
  }
}
