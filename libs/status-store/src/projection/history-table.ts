import type { EntityManager } from 'typeorm';
import { type Columns, recordset } from '../recordset.ts';
import type { ActorChange } from './plan.ts';
import { type EventRef, STATUS_REF, type StatusRef } from './refs.ts';

type Addition = { readonly actor: string } & ActorChange['addToHistory'][number];
const ADDITION: Columns<Addition> = {
  actor: ['text', ({ actor }) => actor],
  event_id: ['uuid', ({ eventId }) => eventId],
  removed: ['boolean', ({ removed }) => removed],
};

/** Adds versions that the log has just got. */
export async function addToHistory(manager: EntityManager, changes: readonly ActorChange[]): Promise<void> {
  const additions = changes.flatMap(({ state: { actor }, addToHistory: added }) => added.map((addition) => ({ actor, ...addition })));
  if (additions.length === 0) return;
  const { sql, params } = recordset(ADDITION, additions);
  await manager.query(
    `INSERT INTO status_history (actor, published_key, status_id, published_raw, event_id, received_at, end_time, origin, removed, content)
     SELECT actor, published_key, status_id, published_raw, event_id, received_at, end_time, origin, batch.removed, content
     FROM ${sql} JOIN status_event USING (actor, event_id)`,
    params,
  );
}

/** The history's rows of given status ids. The log finds them: the history itself has no index by status id. */
const VERSIONS_OF = `JOIN status_event e ON e.actor = batch.actor AND e.status_id = batch.status_id AND e.kind = 'StatusPublished'
  JOIN status_history h ON h.actor = e.actor AND h.published_key = e.published_key AND h.status_id = e.status_id AND h.published_raw = e.published_raw`;
const SAME_VERSION = 'h.actor = v.actor AND h.published_key = v.published_key AND h.status_id = v.status_id AND h.published_raw = v.published_raw';

const refsOf = (changes: readonly ActorChange[], of: (change: ActorChange) => readonly string[]): StatusRef[] =>
  changes.flatMap((change) => of(change).map((statusId) => ({ actor: change.state.actor, statusId })));

export async function markRemoved(manager: EntityManager, changes: readonly ActorChange[]): Promise<void> {
  const refs = refsOf(changes, ({ removed }) => removed);
  if (refs.length === 0) return;
  const { sql, params } = recordset(STATUS_REF, refs);
  await manager.query(
    `UPDATE status_history h SET removed = true FROM (SELECT h.* FROM ${sql} ${VERSIONS_OF} WHERE NOT h.removed) v WHERE ${SAME_VERSION}`,
    params,
  );
}

/** Takes versions out of the history and returns which they were. */
export async function forgetHistory(manager: EntityManager, changes: readonly ActorChange[]): Promise<readonly EventRef[]> {
  const deleted = refsOf(changes, (change) => change.deleted);
  const ranges = changes.filter(({ forgetUpTo }) => forgetUpTo !== null);
  if (deleted.length + ranges.length === 0) return [];
  const { sql, params } = recordset(STATUS_REF, deleted);
  const [rows]: [EventRef[]] = await manager.query(
    `DELETE FROM status_history h USING (
       SELECT h.* FROM ${sql} ${VERSIONS_OF}
       UNION ALL
       SELECT h.* FROM unnest($3::text[], $4::text[]) AS r(actor, up_to) JOIN status_history h ON h.actor = r.actor AND h.published_key <= r.up_to
     ) v WHERE ${SAME_VERSION} RETURNING h.actor, h.event_id AS "eventId"`,
    [...params, ranges.map(({ state }) => state.actor), ranges.map(({ forgetUpTo }) => forgetUpTo)],
  );
  return rows;
}
