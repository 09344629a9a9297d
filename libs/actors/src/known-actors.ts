import type { ActorCache } from './actor-cache.ts';
import type { ActorTable, KnownActor } from './actor-table.ts';
import { isBusy, type Failure } from './outcomes.ts';
import { Recent } from './recent.ts';
import type { RemoteActor } from './remote-actor.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** How long one process may go on with what another has replaced: 10 minutes, a minute of them with what it has at hand itself. */
const ACTOR_TTL_MS = 9 * MINUTE;
const RECENT_TTL_MS = MINUTE;
/** Of their JSON; an actor takes about 2,000, two or three times as much in memory. */
const RECENT_LENGTH = 6_000_000;
const NAME_TTL_MS = 60 * MINUTE;
const FAILURE_TTL_MS = 60 * SECOND;
const UNAVAILABLE_TTL_MS = { min: 10 * SECOND, max: 60 * SECOND };

/** Ways to an actor other than its IRI. */
export type NameKind = 'key' | 'handle';
/** What can fail: fetching the actor's document, or finding the actor by a name. */
export type FailureKind = 'actor' | NameKind;

/** What is known without asking anybody: what this process looked up a moment ago, the cache, the table behind it, and what failed a moment ago. */
export class KnownActors {
  readonly table: ActorTable;
  readonly #cache: ActorCache;
  readonly #recent: Recent<KnownActor>;
  readonly #now: () => number;

  constructor(table: ActorTable, cache: ActorCache, now: () => number) {
    this.table = table;
    this.#cache = cache;
    this.#recent = new Recent({ maxLength: RECENT_LENGTH, ttlMs: RECENT_TTL_MS, now });
    this.#now = now;
  }

  async find(iri: string): Promise<KnownActor | null> {
    const recent = this.#recent.get(iri);
    if (recent) return recent;
    const cached = await this.#cache.get(`actor:${iri}`);
    if (cached !== null) {
      const known = JSON.parse(cached) as KnownActor;
      this.#recent.add(iri, known, cached.length);
      return known;
    }
    const stored = await this.table.find(iri);
    if (stored) await this.#keep(iri, stored, true);
    return stored;
  }

  /** Takes in a document; resolves to what is known now, which is the document of a later fetch if there was one. */
  async learn(document: RemoteActor): Promise<KnownActor> {
    await this.table.upsert(document);
    const known = await this.table.find(document.iri);
    if (!known) throw new Error(`${document.iri} vanished while it was being stored`);
    await this.#keep(document.iri, known, false);
    return known;
  }

  /** A fetch that began at `at` found the actor gone. What it said is kept out of sight: a Delete signed with its key may be yet to come. */
  async hide(iri: string, at: number): Promise<void> {
    if (await this.table.setGone(iri, at)) await this.#keep(iri, { kind: 'gone', at }, false);
  }

  async forget(iri: string): Promise<void> {
    const at = this.#now();
    if (await this.table.wipe(iri, at)) await this.#keep(iri, { kind: 'gone', at }, false);
  }

  async confirmHandle(iri: string, handle: string): Promise<KnownActor | null> {
    await this.table.setHandle(iri, handle);
    const known = await this.table.find(iri);
    if (known) await this.#keep(iri, known, false);
    return known;
  }

  async findByKey(keyId: string): Promise<RemoteActor | null> {
    const actor = await this.table.findByKey(keyId);
    if (actor) await Promise.all([this.#keep(actor.iri, { kind: 'actor', actor }, true), this.rememberName('key', keyId, actor.iri)]);
    return actor;
  }

  /** The IRI a key or a handle was last found to lead to. */
  findName(kind: NameKind, name: string): Promise<string | null> {
    return this.#cache.get(`${kind}:${name}`);
  }

  rememberName(kind: NameKind, name: string, iri: string): Promise<void> {
    return this.#cache.set(`${kind}:${name}`, iri, NAME_TTL_MS);
  }

  findFailure(kind: FailureKind, name: string): Promise<Failure | null> {
    return this.#read<Failure>(`failed:${kind}:${name}`);
  }

  /** Keeps us from asking again for a while, if anybody was asked. Returns the failure. */
  async rememberFailure<F extends Failure>(kind: FailureKind, name: string, failure: F): Promise<F> {
    if (isBusy(failure)) return failure;
    const ttl =
      failure.kind === 'unavailable' ? Math.min(Math.max(failure.retryAfterSeconds * SECOND, UNAVAILABLE_TTL_MS.min), UNAVAILABLE_TTL_MS.max) : FAILURE_TTL_MS;
    await this.#cache.set(`failed:${kind}:${name}`, JSON.stringify(failure), ttl);
    return failure;
  }

  /** True once per `name` within `ttlMs`. */
  async once(name: string, ttlMs: number): Promise<boolean> {
    if ((await this.#cache.get(`once:${name}`)) !== null) return false;
    await this.#cache.set(`once:${name}`, '', ttlMs);
    return true;
  }

  /** `once` is true again. */
  again(name: string): Promise<void> {
    return this.#cache.delete(`once:${name}`);
  }

  #keep(iri: string, known: KnownActor, onlyIfAbsent: boolean): Promise<void> {
    const value = JSON.stringify(known);
    if (onlyIfAbsent) this.#recent.add(iri, known, value.length);
    else this.#recent.set(iri, known, value.length);
    return this.#cache.set(`actor:${iri}`, value, ACTOR_TTL_MS, { onlyIfAbsent });
  }

  /** Only we write the cache, so its values are what we wrote. */
  async #read<T>(key: string): Promise<T | null> {
    const value = await this.#cache.get(key);
    return value === null ? null : (JSON.parse(value) as T);
  }
}
