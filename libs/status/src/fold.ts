import type { StatusEvent, StatusPublished, StatusState } from './events.ts';
import { compareVersions, instantKeyOf, type VersionKey } from './version.ts';
import { type ActorMarks, clearedAs, type ClearedAs, isExpired, isInHistory, stateOf, type StatusMarks } from './visibility.ts';

/** Everything that follows from the facts about one actor. */
export interface ActorStatuses {
  /** The greatest version ever received, whatever became of it: no other ever shows. */
  readonly winner: StatusPublished | null;
  readonly clearedAs: ClearedAs | null;
  /** What shows: the winner, or nothing. Never a predecessor. */
  readonly current: StatusPublished | null;
  /** Newest first. */
  readonly history: readonly { readonly status: StatusPublished; readonly state: StatusState }[];
  /** Event ids of the versions whose text has to be gone. More facts or a later `now` only ever add to them. */
  readonly erased: ReadonlySet<string>;
}

interface Version extends VersionKey {
  readonly event: StatusPublished;
  readonly keep: boolean;
}

/**
 * Folds a set of facts about one actor: order and repetition of `events` do not matter.
 *
 * This is the specification that the projection's incremental form is tested against; interop.md's "Where the FEP is silent" in code.
 *
 * @param now Milliseconds since the epoch. Expiry is derived from it and never an event.
 * @throws Error when an event carries an instant that is not RFC 3339.
 */
export function foldActor(events: Iterable<StatusEvent>, now: number): ActorStatuses {
  const { versions, actor, removed, deleted } = collect(events);
  const marksOf = ({ statusId }: Version): StatusMarks => ({ removed: removed.has(statusId), deleted: deleted.has(statusId) });
  versions.sort((a, b) => compareVersions(b, a));

  const winner = versions[0] ?? null;
  const cleared = winner && clearedAs(winner.publishedKey, marksOf(winner), actor);
  const showing = winner !== null && cleared === null && !actor.actorDeleted && !isExpired(winner.event.data.endTime, now) ? winner : null;
  const kept = versions.filter((version) => isInHistory(version, marksOf(version), actor));
  const readable = new Set(showing ? [...kept, showing] : kept);

  return {
    winner: winner?.event ?? null,
    clearedAs: cleared,
    current: showing?.event ?? null,
    history: kept.map((version) => {
      const { endTime } = version.event.data;
      return { status: version.event, state: stateOf({ removed: marksOf(version).removed, shows: version === showing, endTime }, now) };
    }),
    erased: new Set(versions.filter((version) => !readable.has(version)).map(({ event }) => event.metadata.eventId)),
  };
}

function collect(events: Iterable<StatusEvent>): {
  readonly versions: Version[];
  readonly actor: ActorMarks;
  readonly removed: ReadonlySet<string>;
  readonly deleted: ReadonlySet<string>;
} {
  const versions = new Map<string, Version>();
  const removed = new Set<string>();
  const deleted = new Set<string>();
  let actor: ActorMarks = { actorDeleted: false, absentCutoff: null, erasedAsOf: null };
  for (const event of events) {
    switch (event.type) {
      case 'StatusPublished': {
        const { statusId, published, keep } = event.data;
        versions.set(event.metadata.eventId, { event, publishedKey: instantKeyOf(published), statusId, published, keep });
        break;
      }
      case 'StatusRemoved':
        removed.add(event.data.statusId);
        break;
      case 'StatusDeleted':
        deleted.add(event.data.statusId);
        break;
      default:
        actor = withActorEvent(actor, event);
    }
  }
  return { versions: [...versions.values()], actor, removed, deleted };
}

/** Adds a fact about the actor as a whole. Each mark only ever grows, so that order does not matter. */
export function withActorEvent(
  marks: ActorMarks,
  event: Exclude<StatusEvent, { readonly data: { readonly statusId: string } }>,
): ActorMarks {
  switch (event.type) {
    case 'StatusSeenAbsent':
      return { ...marks, absentCutoff: later(marks.absentCutoff, instantKeyOf(event.data.cutoff)) };
    case 'HistoryErased':
      return { ...marks, erasedAsOf: later(marks.erasedAsOf, instantKeyOf(event.data.asOf)) };
    case 'ActorDeleted':
      return { ...marks, actorDeleted: true };
    default:
      return unknownEvent(event);
  }
}

const later = (a: string | null, b: string): string => (a !== null && a > b ? a : b);

function unknownEvent(event: never): never {
  throw new Error(`unknown event type ${String((event as StatusEvent).type)}`);
}
