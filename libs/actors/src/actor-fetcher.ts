import { readActor, type JsonObject, type ReadActor } from '@heliograph/activitypub';
import type { FetchDocument, FetchOptions, FetchOutcome } from './documents.ts';
import type { KnownActors } from './known-actors.ts';
import { refused, type Failure } from './outcomes.ts';
import { toRemoteActor, type RemoteActor } from './remote-actor.ts';
import { SingleFlight } from './single-flight.ts';

export type Fetched =
  | { readonly kind: 'actor'; readonly actor: RemoteActor; readonly document: ReadActor; readonly json: JsonObject; readonly etag: string | null }
  /** A document, and no actor: a key by itself, perhaps. */
  | { readonly kind: 'other'; readonly json: JsonObject; readonly reason: string }
  | Failure;
export type Unchanged = Extract<FetchOutcome, { kind: 'unchanged' }>;

/** Fetches actor documents, each once at a time, and not again right after it failed. */
export class ActorFetcher {
  readonly #flights = new SingleFlight<Fetched>();

  constructor(
    private readonly known: KnownActors,
    private readonly fetchDocument: FetchDocument,
    private readonly now: () => number,
  ) {}

  /** `url`: without a fragment. The actor found there may have another IRI, of the same origin. */
  fetch(url: string, options?: FetchOptions): Promise<Fetched> {
    return this.#flights.run(url, async () => (await this.known.findFailure('actor', url)) ?? this.#fetch(url, options));
  }

  /** As `fetch`; `unchanged` when the document is still the one that had this `etag`. */
  async refresh(url: string, etag: string | null): Promise<Fetched | Unchanged> {
    if (etag === null) return this.fetch(url);
    const failure = await this.known.findFailure('actor', url);
    if (failure) return failure;
    const startedAt = this.now();
    const outcome = await this.fetchDocument(url, 'activity', { etag });
    return outcome.kind === 'unchanged' ? outcome : this.#take(url, outcome, startedAt);
  }

  async #fetch(url: string, options?: FetchOptions): Promise<Fetched> {
    const startedAt = this.now();
    return this.#take(url, await this.fetchDocument(url, 'activity', options), startedAt);
  }

  #take(url: string, outcome: FetchOutcome, startedAt: number): Promise<Fetched> {
    switch (outcome.kind) {
      case 'document':
        return this.#read(url, outcome, startedAt);
      case 'unchanged':
        return this.known.rememberFailure('actor', url, refused('the other server answered 304'));
      case 'gone':
        return this.#gone(url, outcome.permanent, startedAt);
      case 'refused':
      case 'unavailable':
        return this.known.rememberFailure('actor', url, outcome);
      default:
        return outcome satisfies never;
    }
  }

  /** Anybody can make us look: so this hides the actor, and only its own word makes us forget it. */
  async #gone(url: string, permanent: boolean, startedAt: number): Promise<Fetched> {
    if (permanent) await this.known.hide(url, startedAt);
    return this.known.rememberFailure('actor', url, { kind: 'gone' });
  }

  async #read(url: string, { json, etag }: Extract<FetchOutcome, { kind: 'document' }>, startedAt: number): Promise<Fetched> {
    // ActivityPub section 6.4 allows it; it should come with a 410, and does not always.
    if ([json['type']].flat().includes('Tombstone')) return this.#gone(url, true, startedAt);
    const read = readActor(json);
    if (read.kind === 'invalid') return { kind: 'other', json, reason: read.detail };
    const made = toRemoteActor(read.actor, startedAt);
    if ('kind' in made) return this.known.rememberFailure('actor', url, refused(made.reason));
    const learnt = await this.known.learn(made);
    if (learnt.kind === 'gone') return { kind: 'gone' };
    return { kind: 'actor', actor: { ...learnt.actor, status: made.status }, document: read.actor, json, etag };
  }
}
