import { ACTIVITY_STREAMS, ACTOR_CONTEXT, PUBLIC, STATUS_CONTEXT } from '../vocabulary.ts';
import type { ActorDocument } from './actor.ts';
import { retractedStatusObject, statusObject, type RetractedStatus, type WritableStatus } from './status.ts';

/** An activity of a local person. Ids come from `actorUrls`. */
interface Heading {
  readonly id: string;
  readonly actor: string;
}

/** Epicyon drops activities without `to`, so every one has it. */
interface ToFollowers extends Heading {
  /** The collection of the actor's followers. */
  readonly followers: string;
}

/** Sets a status (FEP-82f6). Never send it once the status has expired: Smithereen takes that for a clear. */
export const createActivity = ({ id, actor, followers, status }: ToFollowers & { readonly status: WritableStatus }) => ({
  '@context': STATUS_CONTEXT,
  type: 'Create' as const,
  id,
  actor,
  to: [followers],
  object: statusObject(status),
});

/** Clears a status; a history keeps it (FEP-82f6). The status is inlined: Smithereen answers 500 to a link. */
export const removeActivity = ({ id, actor, followers, status }: ToFollowers & { readonly status: RetractedStatus }) => ({
  '@context': STATUS_CONTEXT,
  type: 'Remove' as const,
  id,
  actor,
  to: [followers],
  object: retractedStatusObject(status),
});

/** Erases a status (FEP-82f6). Inlined as in Remove. */
export const deleteActivity = ({ id, actor, followers, status }: ToFollowers & { readonly status: RetractedStatus }) => ({
  '@context': STATUS_CONTEXT,
  type: 'Delete' as const,
  id,
  actor,
  to: [followers],
  object: retractedStatusObject(status),
});

/** Asks to follow `object` (ActivityPub section 7.5). */
export const followActivity = ({ id, actor, object }: Heading & { readonly object: string }) => ({
  '@context': ACTIVITY_STREAMS,
  ...followObject({ id, actor, object }),
  to: [object],
});

/** Takes a Follow back (ActivityPub section 7.9); the Follow is inlined, as peers look for whom it followed. */
export const undoActivity = ({ id, follow }: { readonly id: string; readonly follow: Heading & { readonly object: string } }) => ({
  '@context': ACTIVITY_STREAMS,
  type: 'Undo' as const,
  id,
  actor: follow.actor,
  to: [follow.object],
  object: followObject(follow),
});

/** Answers a Follow; `follow` is the one that `readActivity` gave, to be inlined. */
interface Answer extends Heading {
  readonly follower: string;
  readonly follow: Readonly<Record<string, unknown>>;
}

/** Lets the follower in (ActivityPub section 7.6). */
export const acceptActivity = (answer: Answer) => answerActivity('Accept', answer);

/** Keeps the follower out, or throws one out (ActivityPub section 7.7). */
export const rejectActivity = (answer: Answer) => answerActivity('Reject', answer);

/** Tells `object` that it is blocked (ActivityPub section 6.9), as Mastodon does, so that its server ends its side of the relations. */
export const blockActivity = ({ id, actor, object }: Heading & { readonly object: string }) => ({
  '@context': ACTIVITY_STREAMS,
  ...blockObject({ id, actor, object }),
  to: [object],
});

/** Takes a Block back; inlined as in the Undo of a Follow. */
export const undoBlockActivity = ({ id, block }: { readonly id: string; readonly block: Heading & { readonly object: string } }) => ({
  '@context': ACTIVITY_STREAMS,
  type: 'Undo' as const,
  id,
  actor: block.actor,
  to: [block.object],
  object: blockObject(block),
});

/** Tells that the whole actor is gone. Everybody may know, and pass it on. */
export const deleteActorActivity = ({ id, actor }: Heading) => ({
  '@context': ACTIVITY_STREAMS,
  type: 'Delete' as const,
  id,
  actor,
  to: [PUBLIC],
  object: actor,
});

/**
 * Tells that the profile changed. The document must have the current status inlined: Smithereen takes its absence for a clear. Never
 * sent for a change of the status alone (FEP-82f6).
 */
export const updateActorActivity = ({ id, followers, document }: { readonly id: string; readonly followers: string; readonly document: ActorDocument }) => {
  const { '@context': _, ...object } = document;
  return { '@context': ACTOR_CONTEXT, type: 'Update' as const, id, actor: document.id, to: [followers], object };
};

const followObject = ({ id, actor, object }: Heading & { readonly object: string }) => ({ type: 'Follow' as const, id, actor, object });
const blockObject = ({ id, actor, object }: Heading & { readonly object: string }) => ({ type: 'Block' as const, id, actor, object });

function answerActivity<Type extends 'Accept' | 'Reject'>(type: Type, { id, actor, follower, follow }: Answer) {
  const { '@context': _, ...object } = follow;
  return { '@context': ACTIVITY_STREAMS, type, id, actor, to: [follower], object };
}
