import type { StatusMarks } from '@heliograph/status';
import type { EntityManager } from 'typeorm';
import { type Columns, recordset } from '../recordset.ts';
import type { LogEntry } from './log-entry.ts';
import type { ActorChange } from './plan.ts';
import { EVENT_REF, STATUS_REF, type StatusRef } from './refs.ts';

const LOG: Columns<LogEntry> = {
  actor: ['text', ({ event }) => event.data.actor],
  event_id: ['uuid', ({ event }) => event.metadata.eventId],
  received_at: ['timestamptz', ({ event }) => event.metadata.receivedAt],
  end_time: ['timestamptz', ({ endTime }) => endTime],
  kind: ['status_event_kind', ({ event }) => event.type],
  origin: ['status_origin', ({ event }) => event.metadata.origin],
  keep: ['boolean', ({ version }) => version && version.keep],
  status_id: ['text', ({ event }) => ('statusId' in event.data ? event.data.statusId : null)],
  published_raw: ['text', ({ version }) => version && version.published],
  published_key: ['text', ({ version }) => version && version.publishedKey],
  cutoff: ['text', ({ cutoff }) => cutoff],
  content: ['jsonb', ({ content }) => content && JSON.stringify(content)],
};

/** Returns the ids of those that the log had not: its primary key decides. */
export async function appendToLog(manager: EntityManager, entries: readonly LogEntry[]): Promise<Set<string>> {
  const { sql, names, params } = recordset(LOG, entries);
  const rows: { event_id: string }[] = await manager.query(
    `INSERT INTO status_event (${names}) SELECT ${names} FROM ${sql} ON CONFLICT (actor, event_id) DO NOTHING RETURNING event_id`,
    params,
  );
  return new Set(rows.map(({ event_id }) => event_id));
}

const markKey = (actor: string, kind: string, statusId: string): string => JSON.stringify([actor, kind, statusId]);

/** What is known of the status ids that these entries name: by the log, and for actors new to it by the entries alone. */
export async function loadMarks(
  manager: EntityManager,
  entries: readonly LogEntry[],
  newActors: ReadonlySet<string>,
): Promise<(actor: string, statusId: string) => StatusMarks> {
  const marks = new Set<string>();
  const refs: StatusRef[] = [];
  for (const { event: { type, data } } of entries) {
    if (type === 'StatusRemoved' || type === 'StatusDeleted') marks.add(markKey(data.actor, type, data.statusId));
    if ('statusId' in data && !newActors.has(data.actor)) refs.push(data);
  }
  if (refs.length > 0) {
    const { sql, params } = recordset(STATUS_REF, refs);
    const rows: { actor: string; kind: string; status_id: string }[] = await manager.query(
      `SELECT actor, e.kind, status_id FROM ${sql} JOIN status_event e USING (actor, status_id)
       WHERE e.kind IN ('StatusRemoved', 'StatusDeleted')`,
      params,
    );
    for (const row of rows) marks.add(markKey(row.actor, row.kind, row.status_id));
  }
  const has = (actor: string, kind: string, statusId: string): boolean => marks.size > 0 && marks.has(markKey(actor, kind, statusId));
  return (actor, statusId) => ({ removed: has(actor, 'StatusRemoved', statusId), deleted: has(actor, 'StatusDeleted', statusId) });
}

/** Erases the words of versions that are neither shown nor kept any more. */
export async function eraseFromLog(manager: EntityManager, changes: readonly ActorChange[]): Promise<void> {
  const refs = changes.flatMap(({ state: { actor }, erase }) => erase.map((eventId) => ({ actor, eventId })));
  if (refs.length === 0) return;
  const { sql, params } = recordset(EVENT_REF, refs);
  await manager.query(
    `UPDATE status_event e SET content = NULL FROM ${sql}
     WHERE e.actor = batch.actor AND e.event_id = batch.event_id AND e.content IS NOT NULL`,
    params,
  );
}
