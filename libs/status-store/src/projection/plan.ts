import { type ActorMarks, type ClearedAs, clearedAs, compareVersions, isInHistory, type StatusEvent, type StatusMarks, withActorEvent } from '@heliograph/status';
import type { LogEntry, Version } from './log-entry.ts';

/** An actor's row of `current_status`. */
export interface ActorState extends ActorMarks {
  readonly actor: string;
  /** Raised by every change. */
  readonly version: number;
  readonly winner: Version | null;
  readonly clearedAs: ClearedAs | null;
  /** Whether the row holds the winner's words. */
  readonly hasText: boolean;
}

/** What new facts about one actor change in the tables. */
export interface ActorChange {
  readonly state: ActorState;
  /** Whether the winner is one of the new versions. */
  readonly replaced: boolean;
  /** Whether the winner's words have to go at its `endTime`, if it has one: no history keeps them. */
  readonly toSweep: boolean;
  /** Event ids of the new versions that enter the history. */
  readonly kept: ReadonlySet<string>;
  /** Event id of the former winner, when its words leave the log. */
  readonly erase: string | null;
  /** Event ids of the facts that take older versions, any number of them, out of the history and the log. */
  readonly erasing: readonly string[];
}

const ERASES: Readonly<Record<StatusEvent['type'], boolean>> = {
  StatusPublished: false,
  StatusRemoved: false,
  StatusDeleted: true,
  StatusSeenAbsent: false,
  HistoryErased: true,
  ActorDeleted: true,
};

/**
 * The incremental form of `foldActor`: what follows from `entries`, all new to the log and all about this actor, when the tables say `state`.
 *
 * @param marksOf Marks of every status id in `entries`, as the log has them with these entries included.
 */
export function planActor(state: ActorState, entries: readonly LogEntry[], marksOf: (statusId: string) => StatusMarks): ActorChange {
  const actor = entries.reduce(addActorMarks, state as ActorMarks);
  const newest = entries.reduce<LogEntry | null>((a, b) => (b.version && !(a?.version && compareVersions(a.version, b.version) > 0) ? b : a), null);
  const replaced = newest?.version != null && (state.winner === null || compareVersions(newest.version, state.winner) > 0);
  const winner = replaced ? newest.version : state.winner;

  // The row knows what the log knew about the old winner; the log is asked only about ids that the new facts name.
  const oldMarks = (old: Version): StatusMarks => {
    const { removed, deleted } = marksOf(old.statusId);
    return { removed: removed || state.clearedAs === 'removed', deleted: deleted || state.clearedAs === 'deleted' };
  };
  const isKept = (version: Version, marks: StatusMarks): boolean => isInHistory(version, marks, actor);
  const winnerMarks = winner && (replaced ? marksOf(winner.statusId) : oldMarks(winner));
  const cleared = winner && winnerMarks && clearedAs(winner.publishedKey, winnerMarks, actor);
  const shows = winner !== null && cleared === null && !actor.actorDeleted;
  const hasText = shows && (replaced ? newest.content !== null : state.hasText);

  const old = state.winner;
  const oldGoes = old !== null && (replaced || !shows) && !isKept(old, oldMarks(old));
  return {
    state: { ...actor, actor: state.actor, version: state.version + 1, winner, clearedAs: cleared, hasText },
    replaced,
    toSweep: hasText && winnerMarks !== null && !isKept(winner, winnerMarks),
    kept: new Set(entries.flatMap(({ version }) => (version && isKept(version, marksOf(version.statusId)) ? [version.eventId] : []))),
    erase: oldGoes ? old.eventId : null,
    erasing: entries.flatMap(({ event }) => (ERASES[event.type] ? [event.metadata.eventId] : [])),
  };
}

const addActorMarks = (marks: ActorMarks, { event }: LogEntry): ActorMarks => {
  switch (event.type) {
    case 'StatusPublished':
    case 'StatusRemoved':
    case 'StatusDeleted':
      return marks;
    default:
      return withActorEvent(marks, event);
  }
};
