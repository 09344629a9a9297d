import { SocialGraph, type LeasedJob } from '@heliograph/social-graph';
import { StatusReader, type ReadEvent } from '@heliograph/status-store';
import {
  acceptActivity,
  type ActorUrls,
  actorUrls,
  answerKey,
  blockActivity,
  createActivity,
  deleteActivity,
  deleteActorActivity,
  followActivity,
  parseLocalActor,
  rejectActivity,
  removeActivity,
  statusActivityId,
  undoActivity,
  undoBlockActivity,
  undoId,
} from '@heliograph/activitypub';
import { Inject, Injectable } from '@nestjs/common';
import type { DeliveryOptions, Relations, Statuses } from './ports.ts';
import { OPTIONS } from './tokens.ts';

/** What a job comes to when its turn comes. */
export type Composed = { readonly kind: 'activity'; readonly activity: object } | { readonly kind: 'cancelled'; readonly reason: string };

type JobOf<Kind extends LeasedJob['task']['kind']> = LeasedJob & { readonly task: Extract<LeasedJob['task'], { kind: Kind }> };
type Told = ReadEvent & { readonly statusId: string };

const cancelled = (reason: string): Composed => ({ kind: 'cancelled', reason });
const send = (activity: object): Composed => ({ kind: 'activity', activity });

/**
 * Looks up whether a job is still wanted, and builds its activity; its id depends on nothing but what the job is about.
 *
 * A job that failed before may have been overtaken by later ones of its sender. Peers that go by the order of arrival would be misled
 * then (to Smithereen any Remove clears the status, and to Mastodon any Undo ends the follow, whatever id it names): so such a job is
 * cancelled when something newer stands. Only a Delete goes out always, since it asks for erasure.
 */
@Injectable()
export class Composer {
  constructor(
    @Inject(StatusReader) private readonly statuses: Statuses,
    @Inject(SocialGraph) private readonly relations: Relations,
    @Inject(OPTIONS) private readonly options: Pick<DeliveryOptions, 'publicUrl'>,
  ) {}

  async compose(job: LeasedJob, now: Date): Promise<Composed> {
    const name = parseLocalActor(this.options.publicUrl, job.actor);
    if (name === null) return cancelled('the sender is not of this server');
    const urls = actorUrls(this.options.publicUrl, name);
    const { task } = job;
    switch (task.kind) {
      case 'status':
        return this.#statusEvent(job, urls, now);
      case 'current-status':
        return this.#currentStatus({ ...job, task }, urls, now);
      case 'accept':
        return this.#accept({ ...job, task }, urls);
      case 'reject':
        return this.#reject({ ...job, task }, urls);
      case 'follow':
        return this.#follow({ ...job, task });
      case 'undo-follow':
        return this.#undoFollow({ ...job, task });
      case 'block':
        return this.#block({ ...job, task });
      case 'undo-block':
        return this.#undoBlock({ ...job, task });
      case 'account-deleted':
        return send(deleteActorActivity({ id: urls.deleteActor, actor: urls.id }));
      default:
        return task satisfies never;
    }
  }

  async #statusEvent(job: LeasedJob, urls: ActorUrls, now: Date): Promise<Composed> {
    const event = await this.statuses.eventContent(job.actor, job.eventId);
    if (!event || event.statusId === null) return cancelled('not in the log');
    const told: Told = { ...event, statusId: event.statusId };
    switch (event.kind) {
      case 'StatusPublished':
        return this.#published(job, told, urls, now);
      case 'StatusRemoved':
        if (job.attempts > 0 && (await this.#hasOther(job.actor, event.statusId, now))) return cancelled('superseded');
        return send(removeActivity({ id: statusActivityId(event.statusId, 'remove'), ...heading(urls), status: retracted(told, urls) }));
      case 'StatusDeleted':
        return send(deleteActivity({ id: statusActivityId(event.statusId, 'delete'), ...heading(urls), status: retracted(told, urls) }));
      case 'StatusSeenAbsent':
      case 'HistoryErased':
      case 'ActorDeleted':
        return cancelled('nothing to tell');
      default:
        return event.kind satisfies never;
    }
  }

  /** Never sends what is erased, expired (Smithereen takes it for a clear), or not wanted by anybody behind the inbox any more. */
  async #published(job: LeasedJob, { statusId, content, published, endTime }: Told, urls: ActorUrls, now: Date): Promise<Composed> {
    if (content === null || published === null) return cancelled('erased');
    if (endTime !== null && Date.parse(endTime) <= now.getTime()) return cancelled('expired');
    if (!(await this.relations.isAudience(job.actor, job.inbox))) return cancelled('nobody follows from there');
    const current = await this.statuses.current(job.actor, now);
    // What a history keeps is told although something newer stands, as long as the newer one goes out after it.
    const inOrder = current !== null && job.attempts === 0;
    if (current?.eventId !== job.eventId && !inOrder) return cancelled('superseded');
    const status = { id: statusId, attributedTo: urls.id, content, published, endTime };
    return send(createActivity({ id: statusActivityId(statusId, 'create'), ...heading(urls), status }));
  }

  /** A new follower has missed the Create of what is current; it gets the same one. */
  async #currentStatus({ actor, task }: JobOf<'current-status'>, urls: ActorUrls, now: Date): Promise<Composed> {
    if (!(await this.relations.isFollower(actor, task.follower))) return cancelled('follows no more');
    const current = await this.statuses.current(actor, now);
    if (!current || current.content === null) return cancelled('no status');
    const { statusId, content, publishedRaw, endTime } = current;
    const status = { id: statusId, attributedTo: urls.id, content, published: publishedRaw, endTime };
    return send(createActivity({ id: statusActivityId(statusId, 'create'), ...heading(urls), status }));
  }

  async #accept({ actor, task }: JobOf<'accept'>, urls: ActorUrls): Promise<Composed> {
    const { follower, followId } = task;
    // Only the Follow that stands is answered: who sends many gets one answer.
    if (!(await this.relations.isFollower(actor, follower, followId))) return cancelled('follows no more');
    return send(acceptActivity({ id: urls.accept(answerKey(task.follower, task.followId)), ...answer(task, urls) }));
  }

  /** Mastodon takes any Reject for the end of the follow, whatever id it names. */
  async #reject({ actor, attempts, task }: JobOf<'reject'>, urls: ActorUrls): Promise<Composed> {
    const { follower, followId } = task;
    if (await this.relations.isFollower(actor, follower, attempts > 0 ? null : followId)) return cancelled('follows again');
    return send(rejectActivity({ id: urls.reject(answerKey(task.follower, task.followId)), ...answer(task, urls) }));
  }

  async #follow({ actor, task }: JobOf<'follow'>): Promise<Composed> {
    const { target, followId } = task;
    const following = await this.relations.followingState(actor, target);
    return following?.followId === followId ? send(followActivity({ id: followId, actor, object: target })) : cancelled('follows no more');
  }

  async #undoFollow({ actor, attempts, task }: JobOf<'undo-follow'>): Promise<Composed> {
    const { target, followId } = task;
    if (attempts > 0 && (await this.relations.followingState(actor, target))) return cancelled('follows again');
    return send(undoActivity({ id: undoId(followId), follow: { id: followId, actor, object: target } }));
  }

  async #block({ actor, task }: JobOf<'block'>): Promise<Composed> {
    const { target, blockId } = task;
    return (await this.relations.blockOf(actor, target)) === blockId ? send(blockActivity({ id: blockId, actor, object: target })) : cancelled('blocks no more');
  }

  async #undoBlock({ actor, attempts, task }: JobOf<'undo-block'>): Promise<Composed> {
    const { target, blockId } = task;
    if (attempts > 0 && (await this.relations.blockOf(actor, target))) return cancelled('blocks again');
    return send(undoBlockActivity({ id: undoId(blockId), block: { id: blockId, actor, object: target } }));
  }

  async #hasOther(actor: string, statusId: string, now: Date): Promise<boolean> {
    const current = await this.statuses.current(actor, now);
    return current !== null && current.statusId !== statusId;
  }
}

const heading = ({ id, followers }: ActorUrls): { readonly actor: string; readonly followers: string } => ({ actor: id, followers });

/** Inlines the Follow, rebuilt of its ids: jobs carry nothing else, and peers look for the id or for both actors. */
const answer = ({ follower, followId }: JobOf<'accept' | 'reject'>['task'], { id }: ActorUrls) => ({
  actor: id,
  follower,
  follow: { type: 'Follow', id: followId, actor: follower, object: id },
});

/** Smithereen wants `published` here too, and looks at nothing in it. */
const retracted = ({ statusId, content, published, receivedAt }: Told, urls: ActorUrls): Parameters<typeof removeActivity>[0]['status'] => ({
  id: statusId,
  attributedTo: urls.id,
  content,
  published: published ?? receivedAt,
});
