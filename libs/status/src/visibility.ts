import type { StatusEvent, StatusState } from './events.ts';
import { formatInstant, parseInstant } from './instant.ts';

/** What ended an actor's winning version before its time. */
export type ClearedAs = 'deleted' | 'removed' | 'absent';

/** What is known about one status id, whenever it was learned. */
export interface StatusMarks {
  readonly removed: boolean;
  readonly deleted: boolean;
}

/** What is known about the actor as a whole. The two instants are keys of `parseInstant`; null: never happened. */
export interface ActorMarks {
  readonly actorDeleted: boolean;
  readonly absentCutoff: string | null;
  readonly erasedAsOf: string | null;
}

/** Why the winning version does not show; null when nothing cleared it (it may have expired all the same). */
export function clearedAs(publishedKey: string, status: StatusMarks, actor: ActorMarks): ClearedAs | null {
  if (status.deleted) return 'deleted';
  if (status.removed) return 'removed';
  return actor.absentCutoff !== null && publishedKey <= actor.absentCutoff ? 'absent' : null;
}

/** Whether a version is part of the actor's history: current, past, removed or expired alike. */
export function isInHistory(
  version: { readonly publishedKey: string; readonly keep: boolean },
  status: Pick<StatusMarks, 'deleted'>,
  actor: ActorMarks,
): boolean {
  if (!version.keep || status.deleted || actor.actorDeleted) return false;
  return actor.erasedAsOf === null || version.publishedKey > actor.erasedAsOf;
}

/** Whether `endTime` has come (FEP-82f6 `endTime`). `now` in milliseconds since the epoch. */
export function isExpired(endTime: string | null, now: number): boolean {
  return endTime !== null && instantMs(endTime) <= now;
}

/**
 * What a reader is told about one version. `shows`: it is the actor's winning version and nothing cleared it.
 * A version whose `endTime` has come is expired, also when another had replaced it before.
 */
export function stateOf(
  version: { readonly removed: boolean; readonly shows: boolean; readonly endTime: string | null },
  now: number,
): StatusState {
  if (version.removed) return 'removed';
  if (isExpired(version.endTime, now)) return 'expired';
  return version.shows ? 'current' : 'past';
}

/**
 * The `published` that readers see, RFC 3339 UTC. Ours is exactly as we sent it; a stranger's clock may be ahead, so theirs is
 * never later than when we received it, and has milliseconds.
 */
export function shownPublished(version: {
  readonly published: string;
  readonly receivedAt: string;
  readonly origin: StatusEvent['metadata']['origin'];
}): string {
  if (version.origin === 'local') return version.published;
  return formatInstant(Math.min(instantMs(version.published), instantMs(version.receivedAt)), 3);
}

function instantMs(text: string): number {
  const instant = parseInstant(text);
  if (instant === null) throw new Error('an event carries an unreadable instant');
  return instant.ms;
}
