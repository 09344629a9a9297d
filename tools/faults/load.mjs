// The steady load: people elsewhere and here, followers, readers.
import { RemoteFollower } from './followers.mjs';
import { LocalSender } from './local-people.mjs';
import { randomOf } from './random.mjs';
import { StreamReader } from './readers.mjs';
import { RemoteSender, Wire } from './remote-people.mjs';

const SENDERS_PER_HOST = 6;
const WAVERING = 3;

export class Load {
  #ledger;
  #local;
  #parts;
  #steady;
  #wavering;
  #watched;
  #gateway;
  #stopping = false;
  #givingUp = false;
  #readers;
  #running;

  constructor({ world, ledger, seed }) {
    const { portOf, publicUrl, accounts, elsewhere } = world;
    this.#ledger = ledger;
    const wire = new Wire(publicUrl, portOf('inbox-ingest'));
    const local = accounts.map(({ id }) => id);
    const partOf = (name) => ({ wire, ledger, random: randomOf(seed, name) });

    const senders = elsewhere.flatMap((host) =>
      Array.from({ length: SENDERS_PER_HOST }, (_, index) => {
        const person = host.addPerson(`sender${index + 1}`, { keep: index % 2 === 0 });
        return { person, sender: new RemoteSender({ person, keep: index % 2 === 0, ...partOf(person.id) }) };
      }),
    );
    this.actors = [...local, ...senders.map(({ person }) => person.id)];
    // One behind the shared inbox of each host, and one with an inbox of their own.
    this.#steady = elsewhere.map((host) => this.#follower(host, 'steady', true, partOf));
    this.#steady.push(this.#follower(elsewhere[0], 'alone', false, partOf));
    this.#wavering = Array.from({ length: WAVERING }, (_, index) => this.#follower(elsewhere[index % elsewhere.length], `wavering${index}`, false, partOf));
    this.#local = local;
    const locals = accounts.map((account) => new LocalSender({ account, gateway: portOf('gateway'), ledger, random: randomOf(seed, account.name) }));
    this.#parts = [...senders.map(({ sender }) => sender), ...locals];
    this.#watched = [...local.slice(0, 2), ...senders.slice(0, 2).map(({ person }) => person.id)];
    this.#gateway = portOf('gateway');
  }

  #follower(host, name, shared, partOf) {
    const person = host.addPerson(name, { shared });
    return new RemoteFollower({ person, ...partOf(person.id) });
  }

  /** Lets those follow who will stay; resolves to the ids of their Follows when all are acknowledged. @throws Error when one is refused */
  async prepare() {
    const follows = await Promise.all(this.#steady.flatMap((follower) => this.#local.map((actor) => follower.follow(actor, () => false, true))));
    const refused = this.#ledger.entries.find((entry) => entry.refused);
    if (refused) throw new Error(`a Follow was refused before anything was broken: ${refused.answer}`);
    return follows;
  }

  start() {
    const stopping = () => this.#stopping;
    const giveUp = () => this.#givingUp;
    this.#readers = this.#watched.map((actor) => new StreamReader(this.#gateway, actor));
    const wavering = this.#wavering.map((follower) => follower.waver(this.#local, stopping, giveUp));
    this.#running = Promise.all([...this.#parts.map((part) => part.run(stopping, giveUp)), ...wavering]);
  }

  /** No more is begun; what was begun is sent until it is acknowledged, for `patienceMs` at most. */
  async stop(patienceMs) {
    this.#stopping = true;
    const timer = setTimeout(() => (this.#givingUp = true), patienceMs);
    await this.#running;
    clearTimeout(timer);
  }

  /** @returns what the readers of streams were told */
  async stopReaders() {
    await Promise.all(this.#readers.map((reader) => reader.stop()));
    return this.#readers.flatMap(({ streamed }, index) => streamed.map((event) => ({ ...event, connection: index * 1_000_000 + event.connection })));
  }
}
