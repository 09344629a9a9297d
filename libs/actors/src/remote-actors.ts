import { readActor, readIri, type JsonObject } from '@heliograph/activitypub';
import type { DataSource } from 'typeorm';
import type { ActorCache } from './actor-cache.ts';
import { ActorFetcher, type Fetched, type Unchanged } from './actor-fetcher.ts';
import { ActorTable } from './actor-table.ts';
import type { FetchDocument, FetchOutcome } from './documents.ts';
import { HandleResolver } from './handle-resolver.ts';
import { FetchGate } from './fetch-gate.ts';
import { KeyResolver, type KeyOptions } from './key-resolver.ts';
import { KnownActors } from './known-actors.ts';
import { countLookup } from './metrics.ts';
import { withoutFragment } from './origin.ts';
import { refused, type ActorOutcome, type KeyOutcome } from './outcomes.ts';
import { toRemoteActor, type RemoteActor } from './remote-actor.ts';

export interface RemoteActorsOptions {
  readonly dataSource: DataSource;
  /** See `documentFetcher`. */
  readonly fetchDocument: FetchDocument;
  readonly cache: ActorCache;
  /** WebFinger by http instead of https: for demo and tests. */
  readonly allowPrivateNetwork: boolean;
  /**
   * Fetches that look-ups may have under way at a time, all hosts together; as many again wait up to a second, and any more are
   * `unavailable` with the reason `busy`. Default 64.
   */
  readonly maxFetches?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** `etag`: of the document, if it has one. */
export type RefreshOutcome = Exclude<Fetched | Unchanged, { kind: 'other' }>;
export type CollectionOutcome = Exclude<FetchOutcome, { kind: 'unchanged' }>;

const MAX_AGE_MS = 3_600_000;
const MAX_FETCHES = 64;

/** The actors of other servers: their documents, keys and handles, fetched when needed and remembered. */
export class RemoteActors {
  readonly #known: KnownActors;
  readonly #fetcher: ActorFetcher;
  readonly #keys: KeyResolver;
  readonly #handles: HandleResolver;
  readonly #fetch: FetchDocument;
  readonly #now: () => number;

  constructor({ dataSource, fetchDocument, cache, allowPrivateNetwork, maxFetches = MAX_FETCHES, now = Date.now }: RemoteActorsOptions) {
    const fetch = new FetchGate(maxFetches).guard(fetchDocument);
    this.#fetch = fetch;
    this.#now = now;
    this.#known = new KnownActors(new ActorTable(dataSource), cache, now);
    this.#fetcher = new ActorFetcher(this.#known, fetch, now);
    this.#keys = new KeyResolver(this.#known, this.#fetcher, now);
    this.#handles = new HandleResolver(this.#known, this.#fetcher, fetch, { allowPrivateNetwork, now, maxAgeMs: MAX_AGE_MS });
  }

  /**
   * The key of that id, and the actor that owns it: the key's document is the actor's, or one that names an owner of the same origin
   * who names it back. Known keys are believed for 24 hours, and longer while their server does not answer.
   *
   * `refetch`: the signature did not verify with the known key, which may have been replaced. Asks the other server at most once per
   * key and 5 minutes that answers, and otherwise answers as without.
   *
   * `evenIfGone`: the request is the actor's own Delete. Servers answer 404 or 410 for the actor before they send it, so the key that was
   * known must do then: the outcome has it, and the actor as last known, instead of `gone`. For any other request a key that cannot be
   * found any more is none.
   */
  key(keyId: string, options: KeyOptions = {}): Promise<KeyOutcome> {
    return this.#keys.resolve(keyId, options);
  }

  /**
   * The actor, fetched when what is known is older than `maxAgeMs` (default one hour); an older one when its server does not answer. The
   * IRI of the result is the one to use: `iri` may have been the URL of a page.
   */
  async byIri(iri: string, { maxAgeMs = MAX_AGE_MS }: { readonly maxAgeMs?: number } = {}): Promise<ActorOutcome> {
    if (readIri(iri) === null) return refused('it is not an absolute http or https URL');
    const known = await this.#known.find(iri);
    const knownAt = known?.kind === 'actor' ? known.actor.fetchedAt : (known?.at ?? 0);
    if (known && this.#now() - knownAt <= maxAgeMs) {
      countLookup('actor', 'hit');
      return known.kind === 'actor' ? { ...known, fetched: false } : { kind: 'gone' };
    }
    const fetched = await this.#fetcher.fetch(withoutFragment(iri));
    if (known?.kind === 'actor' && fetched.kind === 'unavailable') {
      countLookup('actor', 'stale');
      return { ...known, fetched: false };
    }
    countLookup('actor', 'miss');
    switch (fetched.kind) {
      case 'actor':
        return { kind: 'actor', actor: fetched.actor, fetched: true };
      case 'other':
        return this.#known.rememberFailure('actor', withoutFragment(iri), refused(fetched.reason));
      default:
        return fetched;
    }
  }

  /**
   * The document at an actor's IRI as it is now, fetched whatever is known.
   * @param etag of the document as it was taken in before.
   */
  async refresh(iri: string, etag: string | null): Promise<RefreshOutcome> {
    if (readIri(iri) === null) return refused('it is not an absolute http or https URL');
    const fetched = await this.#fetcher.refresh(withoutFragment(iri), etag);
    if (fetched.kind === 'other') return refused(fetched.reason);
    return fetched.kind === 'actor' && fetched.actor.iri !== iri ? refused('the document is about another actor') : fetched;
  }

  /** A collection, a page of one, or an item that is listed by its address; behind the same bounds as other fetches. */
  async collection(url: string): Promise<CollectionOutcome> {
    const outcome = await this.#fetch(url, 'collection');
    return outcome.kind === 'unchanged' ? refused('the other server answered 304') : outcome;
  }

  /**
   * The actor that `name@host` leads to (RFC 7033), with or without `@` or `acct:` before it. Its own server must confirm it; the handle
   * it then goes by may be another one than was asked for.
   */
  byHandle(handle: string): Promise<ActorOutcome> {
    return this.#handles.resolve(handle);
  }

  /** Asks nobody. Null: never heard of, or gone. */
  async known(iri: string): Promise<RemoteActor | null> {
    // A stranger may have made it up: what is no IRI must not reach the database.
    const known = readIri(iri) === null ? null : await this.#known.find(iri);
    return known?.kind === 'actor' ? known.actor : null;
  }

  /**
   * Asks nobody. Whether a Delete of the actor would change anything: also true of one whose server answers that it is gone, which it
   * does before it sends the Delete; false once `markGone` was told.
   */
  async heardOf(iri: string): Promise<boolean> {
    return readIri(iri) !== null && this.#known.table.heardOf(iri);
  }

  /** Asks nobody. */
  async knownByHandle(handle: string): Promise<RemoteActor | null> {
    const parsed = this.#handles.parse(handle);
    return parsed && this.#known.table.findByHandle(parsed.canonical);
  }

  /** Asks nobody, in one query. By IRI; those never heard of and those gone are left out. */
  async knownMany(iris: readonly string[]): Promise<ReadonlyMap<string, RemoteActor>> {
    const actors = iris.length === 0 ? [] : await this.#known.table.findMany(iris);
    return new Map(actors.map((actor) => [actor.iri, actor]));
  }

  /**
   * Takes in the document of an Update that the actor sent; the caller has verified that it did. Keys in it are left aside: a stolen key
   * must not be able to prolong its own life. Null when it cannot be used.
   */
  async store(document: JsonObject): Promise<RemoteActor | null> {
    const read = readActor(document);
    if (read.kind === 'invalid') return null;
    const made = toRemoteActor(read.actor, this.#now());
    if ('kind' in made) return null;
    const learnt = await this.#known.learn({ ...made, keys: [], keysFetchedAt: 0 });
    return learnt.kind === 'actor' ? { ...learnt.actor, status: made.status } : null;
  }

  /** The actor has told, by a Delete that the caller has verified, that it is gone. Forgets what it said about itself, and its keys. */
  markGone(iri: string): Promise<void> {
    return this.#known.forget(iri);
  }
}
