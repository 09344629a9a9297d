import { readWebFinger } from '@heliograph/activitypub';
import type { ActorFetcher } from './actor-fetcher.ts';
import type { FetchDocument } from './documents.ts';
import { parseHandle, type Handle } from './handle.ts';
import type { KnownActors } from './known-actors.ts';
import { countLookup } from './metrics.ts';
import { withoutFragment } from './origin.ts';
import { refused, type ActorOutcome, type Failure } from './outcomes.ts';
import type { RemoteActor } from './remote-actor.ts';

type Answer = { readonly kind: 'answer'; readonly iri: string; readonly subject: Handle } | Failure;

/** Finds the actor of a handle by WebFinger (RFC 7033). */
export class HandleResolver {
  readonly #scheme: 'http' | 'https';

  constructor(
    private readonly known: KnownActors,
    private readonly fetcher: ActorFetcher,
    private readonly fetchDocument: FetchDocument,
    private readonly options: { readonly allowPrivateNetwork: boolean; readonly now: () => number; readonly maxAgeMs: number },
  ) {
    this.#scheme = options.allowPrivateNetwork ? 'http' : 'https';
  }

  parse(handle: string): Handle | null {
    return parseHandle(handle, this.#scheme);
  }

  /** See `RemoteActors.byHandle`. */
  async resolve(text: string): Promise<ActorOutcome> {
    const handle = this.parse(text);
    if (!handle) return refused('the handle is not of the form name@host');
    const known = await this.#find(handle);
    if (known && this.options.now() - known.fetchedAt <= this.options.maxAgeMs) {
      countLookup('handle', 'hit');
      return { kind: 'actor', actor: known, fetched: false };
    }
    const failure = await this.known.findFailure('handle', handle.canonical);
    const outcome = failure ?? (await this.#fetch(handle));
    if (known && outcome.kind === 'unavailable') {
      countLookup('handle', 'stale');
      return { kind: 'actor', actor: known, fetched: false };
    }
    countLookup('handle', failure ? 'negative' : 'miss');
    return outcome;
  }

  /** A handle is known by the actor that goes by it, or from an earlier answer. */
  async #find(handle: Handle): Promise<RemoteActor | null> {
    const iri = await this.known.findName('handle', handle.canonical);
    if (iri === null) return this.known.table.findByHandle(handle.canonical);
    const known = await this.known.find(iri);
    return known?.kind === 'actor' ? known.actor : null;
  }

  async #fetch(handle: Handle): Promise<ActorOutcome> {
    const outcome = await this.#ask(handle);
    if (outcome.kind === 'actor') await this.known.rememberName('handle', handle.canonical, outcome.actor.iri);
    else await this.known.rememberFailure('handle', handle.canonical, outcome);
    return outcome;
  }

  async #ask(handle: Handle): Promise<ActorOutcome> {
    const answer = await this.#webFinger(handle);
    if (answer.kind !== 'answer') return answer;
    const fetched = await this.fetcher.fetch(withoutFragment(answer.iri));
    if (fetched.kind === 'other') return refused(fetched.reason);
    if (fetched.kind !== 'actor') return fetched;
    if (fetched.actor.iri !== answer.iri) return refused('WebFinger leads to another id than the actor has');
    return this.#confirm(handle, answer, fetched.actor);
  }

  /**
   * Which handle the actor goes by. The actor's own server has the word on it; a handle of another host counts only if that host, too,
   * says that it is this actor. So nobody gets a name that its host did not give, and an alias that leads here is not shown as the name.
   */
  async #confirm(asked: Handle, answer: Extract<Answer, { kind: 'answer' }>, actor: RemoteActor): Promise<ActorOutcome> {
    const home = this.parse(`${actor.preferredUsername ?? ''}@${new URL(actor.iri).host}`);
    if (!home) return refused('the actor has no preferredUsername that makes a handle');
    const own = asked.canonical === home.canonical ? answer : await this.#webFinger(home);
    if (own.kind === 'unavailable') return own;
    if (own.kind !== 'answer' || own.iri !== actor.iri) return refused(`the actor's own server does not confirm it by WebFinger`);
    const { subject } = own;
    const there = subject.canonical === home.canonical ? own : subject.canonical === asked.canonical ? answer : await this.#webFinger(subject);
    // A host that does not answer just now takes nobody's name away.
    if (there.kind === 'unavailable') return { kind: 'actor', actor, fetched: true };
    const handle = there.kind === 'answer' && there.iri === actor.iri ? subject.canonical : home.canonical;
    if (handle !== actor.handle) await this.known.confirmHandle(actor.iri, handle);
    return { kind: 'actor', actor: { ...actor, handle }, fetched: true };
  }

  async #webFinger({ name, host }: Handle): Promise<Answer> {
    const resource = encodeURIComponent(`acct:${name}@${host}`);
    const outcome = await this.fetchDocument(`${this.#scheme}://${host}/.well-known/webfinger?resource=${resource}`, 'web-finger');
    switch (outcome.kind) {
      case 'document': {
        const read = readWebFinger(outcome.json, `${name}@${host}`);
        if (read.kind === 'invalid') return refused(read.detail);
        const subject = this.parse(read.subject);
        return subject ? { kind: 'answer', iri: read.actor, subject } : refused('the subject of the WebFinger answer is no handle');
      }
      case 'gone':
        return { kind: 'gone' };
      case 'unchanged':
        return refused('the other server answered 304');
      case 'refused':
      case 'unavailable':
        return outcome;
      default:
        return outcome satisfies never;
    }
  }
}
