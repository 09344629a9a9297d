/**
 * What can happen to an actor's statuses. These are the facts of the append-only log, and all that the fold knows.
 * The set of facts decides the state, their order does not (see `fold.ts`).
 */

/** The words of a status: everything that has to go when the status is erased. */
export interface StatusContent {
  /** Plain text, never markup (FEP-82f6 `content`). */
  readonly text: string;
  /** BCP 47 tag, when the sender named one. */
  readonly language: string | null;
  /** Extra information about what the actor does (FEP-82f6 `attachment`); `href` is always http or https. */
  readonly attachment: { readonly href: string; readonly name: string | null } | null;
}

export interface EventMetadata {
  /** Hash of what the event is about (`eventIdOf`): the same fact has the same id wherever and however often it arrives. */
  readonly eventId: string;
  /** When this server learned of it: RFC 3339, UTC, milliseconds. */
  readonly receivedAt: string;
  /** Whether the actor lives on this server. */
  readonly origin: 'local' | 'remote';
}

interface Event<Type extends string, Data> {
  readonly type: Type;
  readonly data: Data & { readonly actor: string };
  readonly metadata: EventMetadata;
}

export type StatusPublished = Event<
  'StatusPublished',
  {
    readonly statusId: string;
    /** As sent, any RFC 3339 form: part of the version's identity. */
    readonly published: string;
    readonly content: StatusContent;
    /** RFC 3339, UTC, or null. From this instant on the status is not current (FEP-82f6 `endTime`). */
    readonly endTime: string | null;
    /** Whether the actor kept a history (`statusHistory`) when this was published: if not, its text goes once it is no longer current. */
    readonly keep: boolean;
  }
>;
/** Clears the status from the profile; it stays in a history. Holds for every version of the id, whenever it arrives. */
export type StatusRemoved = Event<'StatusRemoved', { readonly statusId: string }>;
/** Erases the status. Holds for every version of the id, whenever it arrives. */
export type StatusDeleted = Event<'StatusDeleted', { readonly statusId: string }>;
/** An actor document that used to show a status came without one: what was published at or before `cutoff` (RFC 3339 UTC) is not current. */
export type StatusSeenAbsent = Event<'StatusSeenAbsent', { readonly cutoff: string }>;
/** History was switched off, or emptied: what was published at or before `asOf` (RFC 3339 UTC) is no longer kept. */
export type HistoryErased = Event<'HistoryErased', { readonly asOf: string }>;
/** The actor is gone, for good: nothing shows, no text stays. */
export type ActorDeleted = Event<'ActorDeleted', Record<never, never>>;

export type StatusEvent = StatusPublished | StatusRemoved | StatusDeleted | StatusSeenAbsent | HistoryErased | ActorDeleted;

/** What a reader is told about one version of a status. */
export type StatusState = 'current' | 'past' | 'removed' | 'expired';
