import type { EntityManager } from 'typeorm';
import { preferIndexes } from '../projection/current-table.ts';

/** Actors after `from`, up to `to`; null: to the end. */
export interface Range {
  readonly from: string;
  readonly to: string | null;
}

/** Before every actor. */
export const START = '';

/** The range that begins at `from` and has about `events` events: whole actors, so more where the last one has many. */
export async function nextRange(manager: EntityManager, from: string, events: number): Promise<Range> {
  await preferIndexes(manager);
  const [last]: { actor: string }[] = await manager.query('SELECT actor FROM status_event WHERE actor > $1 ORDER BY actor OFFSET $2 LIMIT 1', [from, events]);
  return { from, to: last?.actor ?? null };
}

/** How many events the log has, as exactly as progress needs it. */
export async function estimateEvents(manager: EntityManager): Promise<number> {
  const [row]: { events: string }[] = await manager.query(
    `SELECT CASE WHEN reltuples > 0 THEN reltuples::bigint ELSE (SELECT count(*) FROM status_event) END AS events
     FROM pg_class WHERE oid = 'status_event'::regclass`,
  );
  return Number(row?.events ?? 0);
}
