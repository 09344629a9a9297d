import type { EntityManager } from 'typeorm';
import { recordset } from '../recordset.ts';
import { EVENT_REF, type EventRef } from './refs.ts';
import type { PlannedActor } from './write-batch.ts';

/** A StatusDeleted, HistoryErased or ActorDeleted of the log, and how far it is worked off (`erasure_due`). */
export interface Erasure extends EventRef {
  readonly reached: string;
}

export interface ErasedChunk {
  /** Versions found and erased. Fewer than the limit: there are no more. */
  readonly versions: number;
  /** `published_key` of the latest of them; of use for one erasure alone. Null: there was none. */
  readonly reached: string | null;
}

/** Later than every instant there is. */
const END_OF_TIME = '9999-12-31T23:59:59.999999999Z';

/**
 * Takes up to `limit` versions that these facts cover out of the history, and their words out of the log. All within PostgreSQL.
 *
 * What is covered is read from the log's facts, so a chunk never takes what they do not cover. The words of the version that shows
 * stay in the log until it is replaced; a status that was deleted, or whose actor was, does not show. No other version outside the
 * history has words in the log, so the history tells where to look.
 *
 * The caller holds the actors' rows of `current_status` locked, with their marks written.
 */
export async function eraseChunk(manager: EntityManager, erasures: readonly Erasure[], limit: number): Promise<ErasedChunk> {
  const [chunk]: ErasedChunk[] = await manager.query(
    `WITH fact AS (
       SELECT e.actor, e.kind, e.status_id, coalesce(e.cutoff, '${END_OF_TIME}') AS up_to, batch.reached
       FROM unnest($1::text[], $2::uuid[], $3::text[]) AS batch(actor, event_id, reached) JOIN status_event e USING (actor, event_id)
     ), version AS (
       SELECT v.* FROM fact CROSS JOIN LATERAL (
         (SELECT * FROM status_history h
          WHERE fact.kind <> 'StatusDeleted' AND h.actor = fact.actor AND h.published_key BETWEEN fact.reached AND fact.up_to
          ORDER BY h.published_key LIMIT $4)
         UNION ALL
         (SELECT * FROM status_history h
          WHERE fact.kind = 'StatusDeleted' AND h.actor = fact.actor AND h.status_id = fact.status_id AND h.published_key >= fact.reached
          ORDER BY h.published_key LIMIT $4)
       ) v LIMIT $4
     ), forgotten AS (
       DELETE FROM status_history h USING version v
       WHERE h.actor = v.actor AND h.published_key = v.published_key AND h.status_id = v.status_id AND h.published_raw = v.published_raw
     ), erased AS (
       UPDATE status_event e SET content = NULL FROM version v JOIN current_status c USING (actor)
       WHERE e.actor = v.actor AND e.event_id = v.event_id AND e.content IS NOT NULL AND (c.event_id <> e.event_id OR c.content IS NULL)
     )
     SELECT count(*)::int AS versions, max(published_key) AS reached FROM version`,
    [erasures.map(({ actor }) => actor), erasures.map(({ eventId }) => eventId), erasures.map(({ reached }) => reached), limit],
  );
  if (!chunk) throw new Error('a count returned no row');
  return chunk;
}

/**
 * Erases what the new facts cover: at once where it is little, as nearly always. Where it is more, a first part, and the rest is noted
 * for `eraseDue`; readers go by the marks and the notes meanwhile.
 *
 * @param atOnce How many versions one batch may erase, beside one for each fact.
 */
export async function eraseCovered(manager: EntityManager, planned: readonly PlannedActor[], atOnce: number): Promise<void> {
  const facts = planned.flatMap(({ before: { actor }, change }) => change.erasing.map((eventId) => ({ actor, eventId, reached: '' })));
  if (facts.length === 0) return;
  const limit = atOnce + facts.length;
  const { versions } = await eraseChunk(manager, facts, limit);
  if (versions < limit) return;
  const { sql, params } = recordset(EVENT_REF, facts);
  await manager.query(
    `INSERT INTO erasure_due (actor, event_id, status_id) SELECT actor, event_id, status_id FROM ${sql} JOIN status_event USING (actor, event_id)`,
    params,
  );
}
