import type { StatusMarks } from '@heliograph/status';
import type { EntityManager } from 'typeorm';
import { type Columns, recordset } from '../recordset.ts';
import type { LogEntry } from './log-entry.ts';

const BATCH: Columns<LogEntry> = {
  actor: ['text', ({ event }) => event.data.actor],
  event_id: ['uuid', ({ event }) => event.metadata.eventId],
  status_id: ['text', ({ statusId }) => statusId],
};

type Mark = 'StatusRemoved' | 'StatusDeleted';

/** What the log has about the events of a batch, and about the status ids that they name. */
export class KnownFacts {
  readonly #events = new Set<string>();
  readonly #marks: Readonly<Record<Mark, Map<string, Set<string>>>> = { StatusRemoved: new Map(), StatusDeleted: new Map() };

  /** @param asked Entries whose actors the log may know; of all others nothing is known. */
  static async load(manager: EntityManager, asked: readonly LogEntry[]): Promise<KnownFacts> {
    const facts = new KnownFacts();
    if (asked.length === 0) return facts;
    const { sql, params } = recordset(BATCH, asked);
    const rows: { event_id: string | null; actor: string; mark: Mark; status_id: string }[] = await manager.query(
      `WITH batch AS (SELECT * FROM ${sql})
       SELECT event_id, NULL AS actor, NULL AS mark, NULL AS status_id FROM batch JOIN status_event e USING (actor, event_id)
       UNION ALL
       SELECT NULL, actor, e.kind, status_id FROM batch JOIN status_event e USING (actor, status_id) WHERE e.kind IN ('StatusRemoved', 'StatusDeleted')`,
      params,
    );
    for (const { event_id, actor, mark, status_id } of rows) {
      if (event_id === null) facts.#mark(mark, actor, status_id);
      else facts.#events.add(event_id);
    }
    return facts;
  }

  hasEvent({ event }: LogEntry): boolean {
    return this.#events.has(event.metadata.eventId);
  }

  /** What an entry that is about to enter the log will have made known. */
  learn({ event: { type, data } }: LogEntry): void {
    if (type === 'StatusRemoved' || type === 'StatusDeleted') this.#mark(type, data.actor, data.statusId);
  }

  marksOf(actor: string, statusId: string): StatusMarks {
    const has = (mark: Mark): boolean => this.#marks[mark].get(actor)?.has(statusId) ?? false;
    return { removed: has('StatusRemoved'), deleted: has('StatusDeleted') };
  }

  #mark(mark: Mark, actor: string, statusId: string): void {
    const ids = this.#marks[mark].get(actor);
    if (ids) ids.add(statusId);
    else this.#marks[mark].set(actor, new Set([statusId]));
  }
}
