import type { EntityManager } from 'typeorm';
import { recordset } from '../recordset.ts';
import type { ActorChange } from './plan.ts';
import { EVENT_REF } from './refs.ts';

/** Adds versions that the log has just got. What became of them, the log's marks tell: nothing is ever written again but their end. */
export async function addToHistory(manager: EntityManager, changes: readonly ActorChange[]): Promise<void> {
  const additions = changes.flatMap(({ state: { actor }, addToHistory: added }) => added.map((eventId) => ({ actor, eventId })));
  if (additions.length === 0) return;
  const { sql, params } = recordset(EVENT_REF, additions);
  await manager.query(
    `INSERT INTO status_history (actor, published_key, status_id, published_raw, event_id, received_at, end_time, origin, content)
     SELECT actor, published_key, status_id, published_raw, event_id, received_at, end_time, origin, content
     FROM ${sql} JOIN status_event USING (actor, event_id)`,
    params,
  );
}
