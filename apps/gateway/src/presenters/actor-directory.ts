import { type Account, Accounts } from '@heliograph/accounts';
import { actorUrls, checkReceived, parseLocalActor, publishedEvent } from '@heliograph/activitypub';
import { type RemoteActor, RemoteActors } from '@heliograph/actors';
import type { Mailbox } from '@heliograph/contracts';
import { type Config, Problem } from '@heliograph/platform';
import { Inject, Injectable } from '@nestjs/common';
import { Submit } from '../commands/submit.ts';
import { CONFIG } from '../tokens.ts';
import { Sought } from './sought.ts';

/** An actor as the REST API tells it. */
export interface ActorView {
  /** IRI. */
  readonly id: string;
  /** `name@host`, without a leading @. */
  readonly handle: string;
  readonly name: string;
  readonly url: string;
  readonly icon: string | null;
  readonly local: boolean;
  readonly hasHistory: boolean;
  /** IRI of who this actor says to be now; null: it has not moved. */
  readonly movedTo: string | null;
}

export type ResolvedActor =
  | { readonly kind: 'local'; readonly account: Account; readonly view: ActorView }
  | { readonly kind: 'remote'; readonly actor: RemoteActor; readonly view: ActorView };

type Reference = { readonly kind: 'local'; readonly name: string } | { readonly kind: 'iri'; readonly iri: string } | { readonly kind: 'handle'; readonly handle: string };

/** Finds actors by the ways people and programs name them. */
@Injectable()
export class ActorDirectory {
  readonly #host: string;

  constructor(
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(RemoteActors) private readonly remote: RemoteActors,
    @Inject(Submit) private readonly submit: Submit,
    @Inject(Sought) private readonly sought: Sought,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.#host = new URL(config.publicUrl).host;
  }

  /**
   * @param named a local name, `name@host` with or without a leading @, or an IRI.
   * @param lookUp whether to ask the other server about an actor that we do not know yet.
   * @throws Problem 404 when there is none, 502 when the other server does not answer.
   */
  async resolve(named: string, lookUp: boolean): Promise<ResolvedActor> {
    const reference = this.#read(named);
    if (reference.kind === 'local') {
      const account = await this.accounts.byName(reference.name);
      if (!account) throw new Problem(404, `There is nobody called ${named} here.`);
      return { kind: 'local', account, view: this.localView(account) };
    }
    const known = reference.kind === 'iri' ? await this.remote.known(reference.iri) : await this.remote.knownByHandle(reference.handle);
    const actor = known ?? (lookUp ? await this.#lookUp(reference) : null);
    if (!actor) throw new Problem(404, `${named} is not known here${lookUp ? '' : '; with an access token it is looked up'}.`);
    if (lookUp) this.sought.note(actor.iri);
    return { kind: 'remote', actor, view: remoteView(actor) };
  }

  /** Views of actors that are known here, by IRI; others are left out. */
  async views(iris: readonly string[]): Promise<ReadonlyMap<string, ActorView>> {
    const names = new Map(iris.map((iri) => [iri, parseLocalActor(this.config.publicUrl, iri)]));
    const [local, remote] = await Promise.all([
      this.accounts.byNames([...names.values()].filter((name) => name !== null)),
      this.remote.knownMany(iris.filter((iri) => names.get(iri) === null)),
    ]);
    return new Map([
      ...local.map((account) => [account.actor, this.localView(account)] as const),
      ...[...remote.values()].map((actor) => [actor.iri, remoteView(actor)] as const),
    ]);
  }

  localView(account: Account): ActorView {
    return {
      id: account.actor,
      handle: `${account.name}@${this.#host}`,
      name: account.displayName || account.name,
      url: actorUrls(this.config.publicUrl, account.name).url,
      icon: account.iconUrl,
      local: true,
      hasHistory: account.history,
      movedTo: null,
    };
  }

  /** Where an actor's mail goes. */
  mailboxOf(target: ResolvedActor): Mailbox {
    if (target.kind === 'local') return this.mailboxHere(target.account);
    const { iri: actor, inbox, sharedInbox } = target.actor;
    return { actor, inbox, sharedInbox };
  }

  mailboxHere({ name, actor }: Account): Mailbox {
    const { inbox, sharedInbox } = actorUrls(this.config.publicUrl, name);
    return { actor, inbox, sharedInbox };
  }

  /** The IRI that `named` stands for; one that is an IRI already may be of an actor who has gone. @throws Problem 404. */
  async iriOf(named: string): Promise<string> {
    return /^https?:\/\//.test(named) ? named : (await this.resolve(named, false)).view.id;
  }

  #read(named: string): Reference {
    if (/^https?:\/\//.test(named)) {
      const name = parseLocalActor(this.config.publicUrl, named);
      return name === null ? { kind: 'iri', iri: named } : { kind: 'local', name };
    }
    const [name = '', host, ...rest] = named.replace(/^@/, '').split('@');
    if (name === '' || rest.length > 0 || host === '') throw new Problem(404, `"${named}" is not a name, name@host or an actor's address.`);
    return host === undefined || host.toLowerCase() === this.#host ? { kind: 'local', name } : { kind: 'handle', handle: `${name}@${host.toLowerCase()}` };
  }

  /** What the fetched document shows as current is a status like one that was sent; that it shows none says nothing (interop.md). */
  async #takeIn({ status, hasHistory }: RemoteActor): Promise<void> {
    const now = Date.now();
    if (status && !checkReceived(status, now)) await this.submit.status([publishedEvent(status, hasHistory, now)]);
  }

  async #lookUp(reference: Exclude<Reference, { kind: 'local' }>): Promise<RemoteActor | null> {
    const outcome = reference.kind === 'iri' ? await this.remote.byIri(reference.iri) : await this.remote.byHandle(reference.handle);
    switch (outcome.kind) {
      case 'actor':
        if (outcome.fetched) await this.#takeIn(outcome.actor);
        return outcome.actor;
      case 'gone':
        return null;
      case 'refused':
        throw new Problem(404, `${reference.kind === 'iri' ? reference.iri : reference.handle} cannot be used: ${outcome.reason}`);
      case 'unavailable':
        throw new Problem(502, `The other server did not answer: ${outcome.reason}`, { retryAfter: outcome.retryAfterSeconds });
      default:
        return outcome satisfies never;
    }
  }
}

const remoteView = (actor: RemoteActor): ActorView => ({
  id: actor.iri,
  handle: actor.handle,
  name: actor.displayName || actor.preferredUsername || actor.handle,
  url: actor.url ?? actor.iri,
  icon: actor.icon,
  local: false,
  hasHistory: actor.hasHistory,
  movedTo: actor.movedTo,
});
