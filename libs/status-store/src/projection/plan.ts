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
  /** Whether the winner's words have to go at its `endTime`, if it has one: no history keeps them. */
  readonly toSweep: boolean;
  /** Event ids of the versions that enter the history. */
  readonly addToHistory: readonly string[];
  /** Event ids whose words leave the log: of these very versions. */
  readonly erase: readonly string[];
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
  const versions = entries.flatMap(({ version, content }) => (version ? [{ version, content }] : []));
  const newest = versions.reduce<(typeof versions)[number] | null>((a, b) => (a && compareVersions(a.version, b.version) > 0 ? a : b), null);
  const replaced = newest !== null && (state.winner === null || compareVersions(newest.version, state.winner) > 0);
  const winner = replaced ? newest.version : state.winner;

  // The row knows what the log knew about the old winner; the log is asked only about ids that the new facts name.
  const oldMarks = (old: Version): StatusMarks => {
    const { removed, deleted } = marksOf(old.statusId);
    return { removed: removed || state.clearedAs === 'removed', deleted: deleted || state.clearedAs === 'deleted' };
  };
  const kept = (version: Version, marks: StatusMarks): boolean => isInHistory(version, marks, actor);
  const winnerMarks = winner && (replaced ? marksOf(winner.statusId) : oldMarks(winner));
  const cleared = winner && winnerMarks && clearedAs(winner.publishedKey, winnerMarks, actor);
  const shows = winner !== null && cleared === null && !actor.actorDeleted;
  const hasText = shows && (replaced ? newest.content !== null : state.hasText);

  const old = state.winner;
  const oldGoes = old !== null && (replaced || !shows) && !kept(old, oldMarks(old));
  const newGo = versions.filter(({ version, content }) => content && !(shows && version === winner) && !kept(version, marksOf(version.statusId)));
  return {
    state: { ...actor, actor: state.actor, version: state.version + 1, winner, clearedAs: cleared, hasText },
    toSweep: hasText && winnerMarks !== null && !kept(winner, winnerMarks),
    addToHistory: versions.flatMap(({ version }) => (kept(version, marksOf(version.statusId)) ? [version.eventId] : [])),
    erase: [...(oldGoes ? [old.eventId] : []), ...newGo.map(({ version }) => version.eventId)],
    erasing: entries.flatMap(({ event }) => (ERASES[event.type] ? [event.metadata.eventId] : [])),
  };
}

/**
 * Takes away the words that can never be read, before they are written: those of versions that the batch itself replaces and no
 * history keeps. The plan would erase them all the same; this saves the writing.
 */
export function dropStillborn(entries: readonly LogEntry[]): readonly LogEntry[] {
  const newest = new Map<string, Version>();
  for (const { event, version } of entries) {
    const other = newest.get(event.data.actor);
    if (version && (!other || compareVersions(version, other) > 0)) newest.set(event.data.actor, version);
  }
  return entries.map((entry) => {
    const stillborn = entry.version && !entry.version.keep && newest.get(entry.event.data.actor) !== entry.version;
    return stillborn ? { ...entry, content: null } : entry;
  });
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
