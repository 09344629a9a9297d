import type { Invalid, JsonObject } from './json.ts';
import type { ReadStatus } from './status.ts';

interface Kind<Name extends string> {
  readonly kind: Name;
}

interface FromActor<Name extends string> extends Kind<Name> {
  /** Id of the activity; null when it has none that can be used. Nothing may be keyed on it: peers use one id for several activities. */
  readonly id: string | null;
  readonly actor: string;
}

/** `Create{ActorStatus}`; `status.attributedTo` is the actor. */
export interface CreateStatus extends FromActor<'create-status'> {
  readonly status: ReadStatus;
}

/**
 * `Remove` or `Delete` of a status. A bare link or a Tombstone does not always say what it was: the id may be that of a note, which
 * no status of this actor will ever have.
 */
export interface RetractStatus extends FromActor<'remove-status' | 'delete-status'> {
  readonly statusId: string;
  /** The actor, or null when the object does not say. */
  readonly attributedTo: string | null;
}

/** The actor deletes itself. */
export type DeleteActor = FromActor<'delete-actor'>;

export interface Follow extends Kind<'follow'> {
  readonly id: string;
  readonly actor: string;
  /** Who is to be followed. */
  readonly object: string;
  /** The Follow to inline in Accept and Reject: its four members and nothing else that the sender put there. */
  readonly activity: { readonly type: 'Follow'; readonly id: string; readonly actor: string; readonly object: string };
}

/** At least one of `followId` and `object` is there. By a bare link, it may as well be a Block that is undone. */
export interface UndoFollow extends FromActor<'undo-follow'> {
  readonly followId: string | null;
  /** Who was followed. */
  readonly object: string | null;
}

/** The actor answers a Follow. At least one of `followId` and `follower` is there. */
export interface AnswerFollow extends FromActor<'accept-follow' | 'reject-follow'> {
  readonly followId: string | null;
  readonly follower: string | null;
  /** Who was to be followed: the actor, or null when the object does not say. */
  readonly object: string | null;
}

export interface Block extends FromActor<'block'> {
  /** Who is blocked. */
  readonly object: string;
}

/** At least one of `blockId` and `object` is there. */
export interface UndoBlock extends FromActor<'undo-block'> {
  readonly blockId: string | null;
  /** Who was blocked. */
  readonly object: string | null;
}

/** The actor now goes by `target`, it says; that `target` says so too remains to be seen. */
export interface Move extends FromActor<'move'> {
  readonly target: string;
}

/** `Update` of the actor by itself; read `document` with `readActor`. */
export interface UpdateActor extends FromActor<'update-actor'> {
  readonly document: JsonObject;
}

/** Well-formed, and nothing to do with us: answer 2xx and store nothing. */
export interface Ignored extends Kind<'ignored'> {
  readonly reason: IgnoredReason;
  readonly actor: string | null;
  /** The first type the activity has, cut at 100 characters. The sender chose it: no label for metrics. */
  readonly type: string | null;
}

export type IgnoredReason =
  /** No activity that we act on. */
  | 'unknown-type'
  /** Create, Remove or Delete of something else, or of what cannot be a status of this actor. */
  | 'not-a-status'
  /** Remove from a collection, such as the posts that somebody pinned. */
  | 'removed-from-collection'
  /** Undo of something else than a Follow or a Block, Accept or Reject of something else than a Follow. */
  | 'not-a-follow'
  /** Update of something else; statuses cannot be updated (FEP-82f6). */
  | 'not-an-actor';

/** The actor acts on what belongs to another: HTTP 403. */
export interface NotYours extends Kind<'not-yours'> {
  readonly field: string;
  readonly detail: string;
}

/** No JSON object: HTTP 400. */
export interface Unreadable extends Kind<'unreadable'> {
  readonly detail: string;
}

export type ReadActivity =
  | CreateStatus
  | RetractStatus
  | DeleteActor
  | Follow
  | UndoFollow
  | AnswerFollow
  | Block
  | UndoBlock
  | Move
  | UpdateActor
  | Ignored
  | NotYours
  | Invalid
  | Unreadable;
