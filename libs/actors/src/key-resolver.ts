import { readIri, readKeyDocument, type PublicKey } from '@heliograph/activitypub';
import type { ActorFetcher, Fetched } from './actor-fetcher.ts';
import type { KnownActor } from './actor-table.ts';
import type { KnownActors } from './known-actors.ts';
import { countLookup } from './metrics.ts';
import { sameOrigin, withoutFragment } from './origin.ts';
import { refused, type Failure, type KeyOutcome } from './outcomes.ts';
import type { RemoteActor } from './remote-actor.ts';
import { SingleFlight } from './single-flight.ts';

/** A key that was not confirmed for so long is fetched again before it is believed; the known one has to do if nobody answers. */
const MAX_AGE_MS = 24 * 3_600_000;
/** People come back: an actor that was gone is asked for again after this. */
const GONE_MAX_AGE_MS = 3_600_000;
/** Whoever sent the request waits for this, and may be nobody: less than for other documents. */
const FETCH = { timeoutMs: 4_000 };
/** Signatures that do not verify cost the key's server a request no more often than this. */
const REFETCH_INTERVAL_MS = 5 * 60_000;

/** See `RemoteActors.key`; both default to false. */
export interface KeyOptions {
  readonly refetch?: boolean;
  readonly evenIfGone?: boolean;
}

type Found = { readonly pem: string; readonly actor: RemoteActor };
type Known = Extract<KeyOutcome, { kind: 'key' | 'gone' }>;

/** Finds the key of a `keyId` and the actor that owns it. */
export class KeyResolver {
  readonly #flights = new SingleFlight<KeyOutcome>();

  constructor(
    private readonly known: KnownActors,
    private readonly fetcher: ActorFetcher,
    private readonly now: () => number,
  ) {}

  /** See `RemoteActors.key`. */
  async resolve(keyId: string, { refetch = false, evenIfGone = false }: KeyOptions): Promise<KeyOutcome> {
    if (readIri(keyId) === null) return refused('the keyId is not an absolute http or https URL');
    const outcome = refetch && (await this.known.once(`refetch:${keyId}`, REFETCH_INTERVAL_MS)) ? await this.#refetch(keyId) : await this.#resolve(keyId);
    return outcome.kind === 'gone' && evenIfGone ? this.#lastKnown(keyId) : outcome;
  }

  async #refetch(keyId: string): Promise<KeyOutcome> {
    countLookup('key', 'refetch');
    const outcome = await this.#fetch(keyId);
    // Nobody answered: the sender will try again, and shall not be told then that the key was asked for a moment ago.
    if (outcome.kind === 'unavailable') await this.known.again(`refetch:${keyId}`);
    return outcome;
  }

  async #resolve(keyId: string): Promise<KeyOutcome> {
    const known = await this.#find(keyId);
    if (known?.kind === 'gone' || (known && this.now() - known.actor.keysFetchedAt <= MAX_AGE_MS)) {
      countLookup('key', 'hit');
      return known;
    }
    const failure = await this.known.findFailure('key', keyId);
    const outcome = failure ?? (await this.#fetch(keyId));
    if (known && outcome.kind === 'unavailable') {
      countLookup('key', 'stale');
      return known;
    }
    countLookup('key', failure ? 'negative' : 'miss');
    return outcome;
  }

  /** The key of an actor that is gone. Not one that merely was taken down: its owner's own document must be gone. */
  async #lastKnown(keyId: string): Promise<KeyOutcome> {
    const last = await this.known.table.lastKnownByKey(keyId);
    const key = last && keyOf(last.actor, keyId);
    if (!key) return { kind: 'gone' };
    if (last.goneAt === null || this.now() - last.goneAt > GONE_MAX_AGE_MS) {
      const owner = await this.fetcher.fetch(withoutFragment(last.actor.iri), FETCH);
      if (owner.kind !== 'gone') return owner.kind === 'unavailable' ? owner : { kind: 'gone' };
    }
    return found({ pem: key.publicKeyPem, actor: last.actor }, false);
  }

  async #find(keyId: string): Promise<Known | null> {
    // The usual case, and then the only look-up: the key's id is the actor's with a fragment.
    const namesake = this.#readKey(await this.known.find(withoutFragment(keyId)), keyId);
    if (namesake) return namesake;
    const owner = await this.known.findName('key', keyId);
    const owned = owner === null ? null : this.#readKey(await this.known.find(owner), keyId);
    if (owned) return owned;
    const actor = await this.known.findByKey(keyId);
    return actor && this.#readKey({ kind: 'actor', actor }, keyId);
  }

  #readKey(known: KnownActor | null, keyId: string): Known | null {
    if (known === null) return null;
    if (known.kind === 'gone') return this.now() - known.at <= GONE_MAX_AGE_MS ? { kind: 'gone' } : null;
    const key = keyOf(known.actor, keyId);
    return key && found({ pem: key.publicKeyPem, actor: known.actor }, false);
  }

  #fetch(keyId: string): Promise<KeyOutcome> {
    return this.#flights.run(keyId, async () => {
      const fetched = await this.fetcher.fetch(withoutFragment(keyId), FETCH);
      const outcome = await this.#own(keyId, fetched);
      if ('pem' in outcome) {
        if (outcome.actor.iri !== withoutFragment(keyId)) await this.known.rememberName('key', keyId, outcome.actor.iri);
        return found(outcome, true);
      }
      return this.known.rememberFailure('key', keyId, outcome);
    });
  }

  /** The key must be in a document of its own origin, and its owner's document must name it back. */
  async #own(keyId: string, fetched: Fetched): Promise<Found | Failure> {
    switch (fetched.kind) {
      case 'actor': {
        const key = keyOf(fetched.actor, keyId);
        return key ? { pem: key.publicKeyPem, actor: fetched.actor } : refused('the actor does not name this key');
      }
      case 'other': {
        const read = readKeyDocument(fetched.json, keyId);
        if (read.kind === 'invalid') return refused(read.detail);
        if (!sameOrigin(read.key.owner, keyId)) return refused('the owner of the key is on another server');
        return this.#namedBack(read.key, await this.fetcher.fetch(withoutFragment(read.key.owner), FETCH));
      }
      case 'gone':
      case 'refused':
      case 'unavailable':
        return fetched;
      default:
        return fetched satisfies never;
    }
  }

  async #namedBack(key: PublicKey, owner: Fetched): Promise<Found | Failure> {
    if (owner.kind === 'other') return refused(owner.reason);
    if (owner.kind !== 'actor') return owner;
    const inlined = keyOf(owner.actor, key.id);
    const named = inlined ? inlined.publicKeyPem === key.publicKeyPem : owner.document.keyLinks.includes(key.id);
    if (owner.actor.iri !== key.owner || !named) return refused('the owner of the key does not name it');
    if (inlined) return { pem: key.publicKeyPem, actor: owner.actor };
    const learnt = await this.known.learn({ ...owner.actor, keys: [...owner.actor.keys, key] });
    return learnt.kind === 'gone' ? { kind: 'gone' } : { pem: key.publicKeyPem, actor: learnt.actor };
  }
}

const keyOf = (actor: RemoteActor, keyId: string): PublicKey | null => actor.keys.find(({ id }) => id === keyId) ?? null;
const found = ({ pem, actor }: Found, fetched: boolean) => ({ kind: 'key', pem, actor, fetched }) as const;
