import type { StatusEvent } from '@heliograph/status';

/** `status.submitted.v1`, key: actor IRI. The status events themselves, as libs/status defines them. */
export type StatusSubmitted = StatusEvent;

/** `status.recorded.v1`, key: actor IRI. Ids only, never text. Sent for every input of a batch, new or seen before. */
export interface StatusRecorded {
  readonly type: 'StatusRecorded';
  readonly data: {
    readonly eventId: string;
    readonly kind: StatusEvent['type'];
    readonly actor: string;
    /** Null for events about the whole actor. */
    readonly statusId: string | null;
    /** As sent; null but for StatusPublished. */
    readonly published: string | null;
    readonly origin: 'local' | 'remote';
  };
}

/** One remote actor as the graph needs it: where its mail goes. */
export interface Mailbox {
  readonly actor: string;
  readonly inbox: string;
  readonly sharedInbox: string | null;
}

interface GraphEvent<Type extends string, Data> {
  readonly type: Type;
  /** `actor` is the local actor the event is about, and the key. */
  readonly data: Data & { readonly actor: string; readonly at: string };
}

/** Somebody (`follower`) asked to follow the local actor. `activity` is the Follow as received, to be inlined in Accept. */
export type FollowReceived = GraphEvent<'FollowReceived', { readonly follower: Mailbox; readonly followId: string; readonly activity: Record<string, unknown> }>;
/** Somebody (`follower`, here or elsewhere) asked to follow the local actor, who has to approve it in person. */
export type FollowApprovalRequested = GraphEvent<'FollowApprovalRequested', { readonly follower: Mailbox; readonly followId: string }>;
/** The local actor's answer to that Follow of `follower`; a refusal also ends it when it was let in before. */
export type FollowerAnswered = GraphEvent<'FollowerAnswered', { readonly follower: string; readonly followId: string; readonly accepted: boolean }>;
/** The follower took a Follow back. Final for that `followId`, also when it arrives first. Null: an Undo that names only the actor. */
export type FollowUndone = GraphEvent<'FollowUndone', { readonly follower: string; readonly followId: string | null }>;
/** The local actor wants to follow `target`. `followId` is the id of our Follow activity. */
export type FollowRequested = GraphEvent<'FollowRequested', { readonly target: Mailbox; readonly followId: string }>;
/** The local actor no longer wants to follow `target`. */
export type UnfollowRequested = GraphEvent<'UnfollowRequested', { readonly target: string }>;
/** `target` accepted or refused our Follow (a Reject may also come long after an Accept). Null `followId`: it named only the actor. */
export type FollowAnswered = GraphEvent<'FollowAnswered', { readonly target: string; readonly followId: string | null; readonly accepted: boolean }>;
/** The local actor blocks `target`: every relation between the two ends, until it unblocks. `blockId` is the id of our Block activity. */
export type BlockRequested = GraphEvent<'BlockRequested', { readonly target: Mailbox; readonly blockId: string }>;
/** The local actor blocks `target` no more. */
export type UnblockRequested = GraphEvent<'UnblockRequested', { readonly target: string }>;
/** Somebody elsewhere blocks the local actor. Null `blockId`: the Block has no id that can be used. */
export type BlockReceived = GraphEvent<'BlockReceived', { readonly blocker: string; readonly blockId: string | null }>;
/** The blocker took a Block back. Final for that `blockId`, also when it arrives first. Null: an Undo that names only the actor. */
export type BlockUndone = GraphEvent<'BlockUndone', { readonly blocker: string; readonly blockId: string | null }>;
/** The remote actor (`actor`, the key) now goes by `target`, which says so too. */
export type RemoteActorMoved = GraphEvent<'RemoteActorMoved', { readonly target: Mailbox }>;
/** Somebody here wants to see the remote actor (`actor`, the key): what it shows is to be taken in. */
export type RemoteActorSought = GraphEvent<'RemoteActorSought', Record<never, never>>;
/** The remote actor is gone: `actor` (the key) is that remote actor here, since every relation to it ends. */
export type RemoteActorGone = GraphEvent<'RemoteActorGone', Record<never, never>>;
/** The local account was deleted: tell the followers, then forget the graph. */
export type AccountDeleted = GraphEvent<'AccountDeleted', Record<never, never>>;

/** `graph.v1`, key: `actor`. */
export type GraphMessage =
  | FollowReceived
  | FollowApprovalRequested
  | FollowerAnswered
  | FollowUndone
  | FollowRequested
  | UnfollowRequested
  | FollowAnswered
  | BlockRequested
  | UnblockRequested
  | BlockReceived
  | BlockUndone
  | RemoteActorMoved
  | RemoteActorSought
  | RemoteActorGone
  | AccountDeleted;
