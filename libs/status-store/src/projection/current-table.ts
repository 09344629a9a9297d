import type { ClearedAs } from '@heliograph/status';
import type { EntityManager } from 'typeorm';
import { type Columns, recordset } from '../recordset.ts';
import type { ActorChange, ActorState } from './plan.ts';

/**
 * For this transaction: find rows by their keys, in the order of an index, whatever the statistics say. A batch asks for a few hundred
 * rows; with statistics that are old, or tables that are young, PostgreSQL would read whole tables, or whole histories, for them.
 */
export async function preferIndexes(manager: EntityManager): Promise<void> {
  await manager.query(`SELECT set_config(name, 'off', true) FROM unnest('{enable_seqscan,enable_bitmapscan,enable_hashjoin,enable_mergejoin}'::text[]) AS name`);
}

/**
 * Makes missing rows and locks all, in one order for everybody: so two batches wait for each other, and never in a circle.
 * Returns the actors whose rows it made: the log has nothing about them.
 */
export async function lockActors(manager: EntityManager, actors: readonly string[]): Promise<ReadonlySet<string>> {
  // A row that is there already is locked by the conflict and, WHERE false, left as it is and not returned.
  const rows: { actor: string }[] = await manager.query(
    `INSERT INTO current_status AS c (actor) SELECT actor FROM unnest($1::text[]) AS batch(actor) ORDER BY actor COLLATE "C"
     ON CONFLICT (actor) DO UPDATE SET actor = c.actor WHERE false RETURNING actor`,
    [actors],
  );
  return new Set(rows.map(({ actor }) => actor));
}

interface StateRow {
  readonly actor: string;
  readonly version: string;
  readonly event_id: string | null;
  readonly keep: boolean;
  readonly status_id: string;
  readonly published_raw: string;
  readonly published_key: string;
  readonly cleared_as: ClearedAs | null;
  readonly actor_deleted: boolean;
  readonly absent_cutoff: string | null;
  readonly erased_as_of: string | null;
  readonly has_text: boolean;
}

/** The rows of these actors, by actor; those of `made` need no reading. */
export async function loadStates(
  manager: EntityManager,
  actors: readonly string[],
  made: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ActorState>> {
  const states = new Map([...made].map((actor) => [actor, blankState(actor)]));
  const known = actors.filter((actor) => !made.has(actor));
  if (known.length === 0) return states;
  const rows: StateRow[] = await manager.query(
    `SELECT actor, version, event_id, keep, status_id, published_raw, published_key,
            cleared_as, actor_deleted, absent_cutoff, erased_as_of, content IS NOT NULL AS has_text
     FROM current_status WHERE actor = ANY($1::text[])`,
    [known],
  );
  for (const row of rows) states.set(row.actor, toState(row));
  return states;
}

const blankState = (actor: string): ActorState => ({
  actor,
  version: 0,
  winner: null,
  clearedAs: null,
  actorDeleted: false,
  absentCutoff: null,
  erasedAsOf: null,
  hasText: false,
});

const toState = (row: StateRow): ActorState => ({
  actor: row.actor,
  version: Number(row.version),
  winner: row.event_id === null ? null : {
    eventId: row.event_id,
    statusId: row.status_id,
    published: row.published_raw,
    publishedKey: row.published_key,
    keep: row.keep,
  },
  clearedAs: row.cleared_as,
  actorDeleted: row.actor_deleted,
  absentCutoff: row.absent_cutoff,
  erasedAsOf: row.erased_as_of,
  hasText: row.has_text,
});

const CURRENT: Columns<ActorChange> = {
  actor: ['text', ({ state }) => state.actor],
  event_id: ['uuid', ({ state: { winner } }) => winner && winner.eventId],
  version: ['bigint', ({ state }) => String(state.version)],
  cleared_as: ['status_cleared_as', ({ state }) => state.clearedAs],
  actor_deleted: ['boolean', ({ state }) => state.actorDeleted],
  absent_cutoff: ['text', ({ state }) => state.absentCutoff],
  erased_as_of: ['text', ({ state }) => state.erasedAsOf],
  has_text: ['boolean', ({ state }) => state.hasText],
  to_sweep: ['boolean', ({ toSweep }) => toSweep],
};
/** The winner's `published` as it is shown (`shownPublished`): a stranger's is never later than its receipt. In milliseconds. */
const PUBLISHED = `(left(e.published_key, 23) || 'Z')::timestamptz`;
const SHOWN_AT = `CASE WHEN e.origin = 'local' THEN ${PUBLISHED} ELSE least(${PUBLISHED}, e.received_at) END`;

/** The winners come from the log, so that they cross the wire once. */
export async function writeCurrent(manager: EntityManager, changes: readonly ActorChange[]): Promise<void> {
  const { sql, params } = recordset(CURRENT, changes);
  await manager.query(
    `UPDATE current_status c SET version = batch.version, event_id = e.event_id, status_id = e.status_id, origin = e.origin, keep = e.keep,
       published_raw = e.published_raw, published_key = e.published_key, received_at = e.received_at, end_time = e.end_time,
       shown_at = ${SHOWN_AT}, cleared_as = batch.cleared_as, actor_deleted = batch.actor_deleted,
       absent_cutoff = batch.absent_cutoff, erased_as_of = batch.erased_as_of,
       content = CASE WHEN batch.has_text THEN e.content END, sweep_at = CASE WHEN batch.to_sweep THEN e.end_time END
     FROM ${sql} LEFT JOIN status_event e ON e.actor = batch.actor AND e.event_id = batch.event_id
     WHERE c.actor = batch.actor`,
    params,
  );
}
