import type { ClearedAs } from '@heliograph/status';
import type { EntityManager } from 'typeorm';
import type { ActorState } from './plan.ts';

/**
 * For this transaction: find rows by their keys, in the order of an index, whatever the statistics say. A batch asks for a few hundred
 * rows; with statistics that are old, or tables that are young, PostgreSQL would read whole tables, or whole histories, for them.
 */
export async function preferIndexes(manager: EntityManager): Promise<void> {
  await manager.query(`SELECT set_config(name, 'off', true) FROM unnest('{enable_seqscan,enable_bitmapscan,enable_hashjoin,enable_mergejoin}'::text[]) AS name`);
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

/**
 * The rows of these actors, locked: until the transaction ends nobody else changes these actors, and a statement that begins after this sees
 * everything about them. Whoever locks many does it in one order: so two batches wait for each other, and never in a circle.
 */
export async function lockStates(manager: EntityManager, actors: readonly string[]): Promise<Map<string, ActorState>> {
  const rows: StateRow[] = await manager.query(
    `SELECT actor, version, event_id, keep, status_id, published_raw, published_key,
            cleared_as, actor_deleted, absent_cutoff, erased_as_of, content IS NOT NULL AS has_text
     FROM current_status WHERE actor = ANY($1::text[]) ORDER BY actor FOR NO KEY UPDATE`,
    [actors],
  );
  return new Map(rows.map((row) => [row.actor, toState(row)]));
}

/** Of an actor who has no row: the log has nothing about them. */
export const blankState = (actor: string): ActorState => ({
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
