import { checkReceived, parseLocalActor, parseLocalFollow, publishedEvent, type ReadActivity, readActor, type ReadStatus } from '@heliograph/activitypub';
import { Accounts } from '@heliograph/accounts';
import { type RemoteActor, RemoteActors } from '@heliograph/actors';
import { type GraphMessage, graphCodec, type Mailbox, type StatusSubmitted, statusSubmittedCodec, TOPICS } from '@heliograph/contracts';
import { SocialGraph } from '@heliograph/social-graph';
import { makeEvent } from '@heliograph/status';
import { StatusReader } from '@heliograph/status-store';
import { Inject, Injectable } from '@nestjs/common';
import { checkMove } from './move.ts';
import { PUBLIC_URL } from './tokens.ts';
import { refuse } from './verdict.ts';

export interface OutgoingMessage {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
}

/** What an activity says in our own events. */
export interface Translation {
  readonly messages: readonly OutgoingMessage[];
  /**
   * What we remember of the actor, written once the bus has the messages: before, a sender whom we had to turn away with 503 would find
   * at the second try that nothing is news any more.
   */
  readonly remember?: () => Promise<unknown>;
}

/** An activity that says something, and says it rightly. */
export type WellFormed = Exclude<ReadActivity, { kind: 'unreadable' | 'invalid' | 'not-yours' }>;
type Of<Kind extends WellFormed['kind']> = Extract<WellFormed, { kind: Kind }>;
/** A document may lag behind the activities by caches in between. */
const ABSENT_GRACE_MS = 10 * 60_000;

/** Authorises an activity against who signed it, and says it in our own events. */
@Injectable()
export class Translator {
  constructor(
    @Inject(RemoteActors) private readonly actors: RemoteActors,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(SocialGraph) private readonly socialGraph: SocialGraph,
    @Inject(StatusReader) private readonly statuses: StatusReader,
    @Inject(PUBLIC_URL) private readonly publicUrl: string,
  ) {}

  /** @param recipient name in the path of a personal inbox. @throws Problem 403 not yours, 422 a field. */
  async translate(activity: WellFormed, sender: RemoteActor, recipient: string | null): Promise<Translation> {
    if (activity.kind === 'ignored') return { messages: [] };
    if (activity.actor !== sender.iri) {
      throw refuse('forbidden', 403, `The request is signed by ${sender.iri}, but the activity's actor is ${activity.actor}.`, { field: 'actor' });
    }
    switch (activity.kind) {
      case 'create-status':
        return { messages: [status(published(activity.status, sender, new Date()))] };
      case 'remove-status':
      case 'delete-status':
        return { messages: [status(cleared(activity, sender))] };
      case 'delete-actor':
        return this.#actorDeleted(sender);
      case 'update-actor':
        return this.#actorUpdated(activity, sender);
      case 'follow':
        return { messages: [await this.#follow(activity, sender)] };
      case 'undo-follow':
        return { messages: await this.#undoFollow(activity, recipient) };
      case 'accept-follow':
      case 'reject-follow':
        return { messages: await this.#answer(activity, recipient) };
      case 'block':
        return { messages: await this.#block(activity) };
      case 'undo-block':
        return { messages: await this.#undoBlock(activity) };
      case 'move':
        return { messages: await this.#moved(activity, sender) };
      default:
        return activity satisfies never;
    }
  }

  #actorDeleted({ iri: actor }: RemoteActor): Translation {
    const now = new Date();
    const messages = [status(makeEvent('ActorDeleted', { actor }, remote(now))), graph({ type: 'RemoteActorGone', data: { actor, at: now.toISOString() } })];
    return { messages, remember: () => this.actors.markGone(actor) };
  }

  /** An Update of the actor is the sender's own word about the profile, its history setting and its current status (ADR 0006). */
  async #actorUpdated({ document }: Of<'update-actor'>, sender: RemoteActor): Promise<Translation> {
    const read = readActor(document, sender.iri);
    if (read.kind === 'invalid') throw refuse('invalid', 422, read.detail, { field: `object.${read.field}` });
    const before = await this.actors.known(sender.iri);
    const now = new Date();
    const events: StatusSubmitted[] = [];
    // A fetch for a key may have told us before this Update did: what counts is whether something is kept.
    if (!read.actor.hasHistory && (before?.hasHistory || (await this.statuses.countHistory(sender.iri)) > 0)) {
      events.push(makeEvent('HistoryErased', { actor: sender.iri, asOf: now.toISOString() }, remote(now)));
    }
    if (read.actor.status === 'absent') {
      if (before?.shownStatus) {
        const cutoff = new Date(now.getTime() - ABSENT_GRACE_MS).toISOString();
        events.push(makeEvent('StatusSeenAbsent', { actor: sender.iri, cutoff }, remote(now)));
      }
    } else if (read.actor.status && !checkReceived(read.actor.status, now.getTime())) {
      events.push(published(read.actor.status, read.actor, now));
    }
    const messages = events.map(status);
    // What there was before is not in the Update.
    const startsHistory = read.actor.hasHistory && !before?.hasHistory && (await this.socialGraph.relationsOf(sender.iri)).followed;
    if (startsHistory) messages.push(graph({ type: 'RemoteActorSought', data: { actor: sender.iri, at: now.toISOString() } }));
    return { messages, remember: () => this.actors.store(document) };
  }

  async #follow(activity: Of<'follow'>, sender: RemoteActor): Promise<OutgoingMessage> {
    const name = parseLocalActor(this.publicUrl, activity.object);
    const account = name === null ? null : await this.accounts.byName(name);
    if (!account) throw refuse('invalid', 422, `There is no actor ${activity.object} on this server.`, { field: 'object' });
    const at = new Date().toISOString();
    const follower: Mailbox = { actor: sender.iri, inbox: sender.inbox, sharedInbox: sender.sharedInbox };
    const asked = { actor: account.actor, at, follower, followId: activity.id };
    return account.locked ? graph({ type: 'FollowApprovalRequested', data: asked }) : graph({ type: 'FollowReceived', data: { ...asked, activity: activity.activity } });
  }

  async #undoFollow(activity: Of<'undo-follow'>, recipient: string | null): Promise<readonly OutgoingMessage[]> {
    const { actor: follower, followId } = activity;
    const blocked = followId && activity.object === null && (await this.socialGraph.blockedBy(follower, followId));
    if (blocked) return [graph({ type: 'BlockUndone', data: { actor: blocked, at: new Date().toISOString(), blocker: follower, blockId: followId } })];
    const local = (await this.#localActor(parseLocal(this.publicUrl, activity.object), recipient)) ?? (followId && (await this.socialGraph.followedBy(follower, followId)));
    if (!local) return [];
    return [graph({ type: 'FollowUndone', data: { actor: local, at: new Date().toISOString(), follower, followId } })];
  }

  async #answer(activity: Of<'accept-follow' | 'reject-follow'>, recipient: string | null): Promise<readonly OutgoingMessage[]> {
    const { actor: target, followId } = activity;
    const named = parseLocal(this.publicUrl, activity.follower) ?? (followId && parseLocalFollow(this.publicUrl, followId)?.name);
    const local = await this.#localActor(named ?? null, recipient);
    if (!local) return [];
    const accepted = activity.kind === 'accept-follow';
    return [graph({ type: 'FollowAnswered', data: { actor: local, at: new Date().toISOString(), target, followId, accepted } })];
  }

  async #block({ id: blockId, actor: blocker, object }: Of<'block'>): Promise<readonly OutgoingMessage[]> {
    const actor = await this.#localActor(parseLocal(this.publicUrl, object), null);
    return actor === null ? [] : [graph({ type: 'BlockReceived', data: { actor, at: new Date().toISOString(), blocker, blockId } })];
  }

  async #undoBlock({ actor: blocker, blockId, object }: Of<'undo-block'>): Promise<readonly OutgoingMessage[]> {
    const actor = (await this.#localActor(parseLocal(this.publicUrl, object), null)) ?? (blockId && (await this.socialGraph.blockedBy(blocker, blockId)));
    return actor ? [graph({ type: 'BlockUndone', data: { actor, at: new Date().toISOString(), blocker, blockId } })] : [];
  }

  /** Of no interest unless somebody here has to do with the sender: then it costs nobody a fetch. */
  async #moved({ target }: Of<'move'>, { iri: actor }: RemoteActor): Promise<readonly OutgoingMessage[]> {
    const { followed, blocked } = await this.socialGraph.relationsOf(actor);
    if (!followed && !blocked) return [];
    return [graph({ type: 'RemoteActorMoved', data: { actor, at: new Date().toISOString(), target: await checkMove(this.actors, actor, target) } })];
  }

  /** The local actor of that name, else the owner of the inbox; null when there is no such account. */
  async #localActor(named: string | null, recipient: string | null): Promise<string | null> {
    const name = named ?? recipient;
    return name === null ? null : ((await this.accounts.byName(name))?.actor ?? null);
  }
}

function published(read: ReadStatus, sender: Pick<RemoteActor, 'hasHistory'>, now: Date): StatusSubmitted {
  const invalid = checkReceived(read, now.getTime());
  if (invalid) throw refuse('invalid', 422, invalid.detail, { field: invalid.field });
  return publishedEvent(read, sender.hasHistory, now.getTime());
}

function cleared(activity: Of<'remove-status' | 'delete-status'>, sender: RemoteActor): StatusSubmitted {
  const type = activity.kind === 'remove-status' ? 'StatusRemoved' : 'StatusDeleted';
  return makeEvent(type, { actor: sender.iri, statusId: activity.statusId }, remote(new Date()));
}

/** When we learned of it, and that it came from elsewhere. */
const remote = (now: Date): { receivedAt: string; origin: 'remote' } => ({ receivedAt: now.toISOString(), origin: 'remote' });

const parseLocal = (publicUrl: string, iri: string | null): string | null => (iri === null ? null : parseLocalActor(publicUrl, iri));

const status = (event: StatusSubmitted): OutgoingMessage => ({ topic: TOPICS.statusSubmitted.name, key: event.data.actor, value: statusSubmittedCodec.encode(event) });
const graph = (event: GraphMessage): OutgoingMessage => ({ topic: TOPICS.graph.name, key: event.data.actor, value: graphCodec.encode(event) });
