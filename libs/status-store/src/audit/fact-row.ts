import type { StatusEvent } from '@heliograph/status';

/** A row of `status_event` without its words. */
export interface FactRow {
  readonly event_id: string;
  readonly kind: StatusEvent['type'];
  readonly received_at: Date;
  readonly origin: 'local' | 'remote';
  readonly status_id: string | null;
  readonly published_raw: string | null;
  readonly end_time: Date | null;
  readonly keep: boolean | null;
  readonly cutoff: string | null;
}

const WORDLESS = { text: '', language: null, attachment: null };

/** The event that was written as this row, but for its words, which no rule looks at. @throws Error when the row lacks what its kind must have. */
export function toEvent(actor: string, row: FactRow): StatusEvent {
  const metadata = { eventId: row.event_id, receivedAt: row.received_at.toISOString(), origin: row.origin };
  switch (row.kind) {
    case 'StatusPublished': {
      const [statusId, published] = [known(row.status_id), known(row.published_raw)];
      return { type: row.kind, metadata, data: { actor, statusId, published, content: WORDLESS, endTime: row.end_time?.toISOString() ?? null, keep: row.keep === true } };
    }
    case 'StatusRemoved':
    case 'StatusDeleted':
      return { type: row.kind, metadata, data: { actor, statusId: known(row.status_id) } };
    case 'StatusSeenAbsent':
      return { type: row.kind, metadata, data: { actor, cutoff: known(row.cutoff) } };
    case 'HistoryErased':
      return { type: row.kind, metadata, data: { actor, asOf: known(row.cutoff) } };
    case 'ActorDeleted':
      return { type: row.kind, metadata, data: { actor } };
    default:
      return unknownKind(row.kind);
  }
}

function known(value: string | null): string {
  if (value === null) throw new Error('an event of the log lacks a column');
  return value;
}

function unknownKind(kind: never): never {
  throw new Error(`unknown event kind ${String(kind)}`);
}
