import type { EntityManager } from 'typeorm';
import { type Columns, recordset } from '../recordset.ts';
import type { LogEntry } from './log-entry.ts';
import type { ActorChange, ActorState } from './plan.ts';

/** New facts about one actor, in the order of their arrival, and what they do. Without any, nothing. */
export interface PlannedActor {
  readonly before: ActorState;
  /** Whether the actor has no row yet. */
  readonly isNew: boolean;
  readonly entries: readonly LogEntry[];
  readonly change: ActorChange;
}

/** A fact to be written; one of each actor's brings along what changes in the actor's row: the winner if it is new, else the last. */
interface Row {
  readonly entry: LogEntry;
  readonly kept: boolean;
  readonly readable: boolean;
  readonly brings: PlannedActor | null;
}

const LOG: Columns<Row> = {
  actor: ['text', ({ entry }) => entry.event.data.actor],
  event_id: ['uuid', ({ entry }) => entry.event.metadata.eventId],
  received_at: ['timestamptz', ({ entry }) => entry.event.metadata.receivedAt],
  end_time: ['timestamptz', ({ entry }) => entry.endTime],
  kind: ['status_event_kind', ({ entry }) => entry.event.type],
  origin: ['status_origin', ({ entry }) => entry.event.metadata.origin],
  keep: ['boolean', ({ entry: { version } }) => version && version.keep],
  status_id: ['text', ({ entry }) => entry.statusId],
  published_raw: ['text', ({ entry: { version } }) => version && version.published],
  published_key: ['text', ({ entry: { version } }) => version && version.publishedKey],
  cutoff: ['text', ({ entry }) => entry.cutoff],
  // What nobody would ever read is not written in the first place.
  content: ['jsonb', ({ entry: { content }, readable }) => (readable && content ? JSON.stringify(content) : null)],
};
const CHANGE: Columns<Row> = {
  in_history: ['boolean', ({ kept }) => kept],
  /** Null: brings no change along. */
  version: ['bigint', ({ brings }) => brings && String(brings.change.state.version)],
  actor_is_new: ['boolean', ({ brings }) => brings && brings.isNew],
  replaces: ['boolean', ({ brings }) => brings && brings.change.replaced],
  cleared_as: ['status_cleared_as', ({ brings }) => brings && brings.change.state.clearedAs],
  actor_deleted: ['boolean', ({ brings }) => brings && brings.change.state.actorDeleted],
  absent_cutoff: ['text', ({ brings }) => brings && brings.change.state.absentCutoff],
  erased_as_of: ['text', ({ brings }) => brings && brings.change.state.erasedAsOf],
  has_text: ['boolean', ({ brings }) => brings && brings.change.state.hasText],
  to_sweep: ['boolean', ({ brings }) => brings && brings.change.toSweep],
  erase: ['uuid', ({ brings }) => brings && brings.change.erase],
};

/** The winner's `published` as it is shown (`shownPublished`): a stranger's is never later than its receipt. In milliseconds. */
const PUBLISHED = `(left(b.published_key, 23) || 'Z')::timestamptz`;
const SHOWN_AT = `CASE WHEN b.origin = 'local' THEN ${PUBLISHED} ELSE least(${PUBLISHED}, b.received_at) END`;
const LOG_NAMES = Object.keys(LOG).join(', ');
const WINNER = ['event_id', 'status_id', 'origin', 'keep', 'published_raw', 'published_key', 'received_at', 'end_time'];
const MARKS = ['version', 'cleared_as', 'actor_deleted', 'absent_cutoff', 'erased_as_of'];
const HISTORY = 'actor, published_key, status_id, published_raw, event_id, received_at, end_time, origin, content';

/** What a column of an actor's row becomes: of a new winner, or `else` as it was. */
const current = (orElse: (column: string) => string): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(MARKS.map((name) => [name, `b.${name}`])),
  ...Object.fromEntries(WINNER.map((name) => [name, `CASE WHEN b.replaces THEN b.${name} ELSE ${orElse(name)} END`])),
  shown_at: `CASE WHEN b.replaces THEN ${SHOWN_AT} ELSE ${orElse('shown_at')} END`,
  content: `CASE WHEN b.has_text THEN CASE WHEN b.replaces THEN b.content ELSE ${orElse('content')} END END`,
  sweep_at: `CASE WHEN b.to_sweep THEN CASE WHEN b.replaces THEN b.end_time ELSE ${orElse('end_time')} END END`,
});
const CHANGED = current((column) => `c.${column}`);
const MADE = current(() => 'NULL');

/**
 * Writes new facts into the log and what follows from them into the actors' rows and the history, and takes the words of former winners
 * out of the log. One statement, so that each fact crosses the wire once.
 *
 * The caller holds the rows of all these actors that there are.
 *
 * @param planned In one order for everybody: what two batches make at the same time, they make without waiting in a circle.
 * @throws QueryFailedError of a unique constraint when somebody else has just made the row of an actor who had none.
 */
export async function writeBatch(manager: EntityManager, planned: readonly PlannedActor[]): Promise<void> {
  const { sql, params } = recordset({ ...LOG, ...CHANGE }, planned.flatMap(rowsOf));
  await manager.query(
    `WITH batch AS MATERIALIZED (SELECT * FROM ${sql}), added AS (
       INSERT INTO status_event (${LOG_NAMES}) SELECT ${LOG_NAMES} FROM batch
     ), made AS (
       INSERT INTO current_status (actor, ${Object.keys(MADE).join(', ')})
       SELECT actor, ${Object.values(MADE).join(', ')} FROM batch b WHERE actor_is_new
     ), changed AS (
       UPDATE current_status c SET ${Object.entries(CHANGED).map(([name, value]) => `${name} = ${value}`).join(', ')}
       FROM batch b WHERE NOT b.actor_is_new AND c.actor = b.actor
     ), remembered AS (
       INSERT INTO status_history (${HISTORY}) SELECT ${HISTORY} FROM batch WHERE in_history
     )
     UPDATE status_event e SET content = NULL FROM batch b
     WHERE e.actor = b.actor AND e.event_id = b.erase AND e.content IS NOT NULL`,
    params,
  );
}

function rowsOf(planned: PlannedActor): readonly Row[] {
  const { entries, change: { kept, replaced, state: { winner, hasText } } } = planned;
  const isWinner = ({ version }: LogEntry): boolean => replaced && version === winner;
  const bringer = replaced ? entries.find(isWinner) : entries.at(-1);
  return entries.map((entry) => {
    const isKept = entry.version !== null && kept.has(entry.version.eventId);
    return { entry, kept: isKept, readable: isKept || (hasText && isWinner(entry)), brings: entry === bringer ? planned : null };
  });
}
