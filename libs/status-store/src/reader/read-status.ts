import { formatInstant, shownPublished, type StatusContent, type StatusEvent, type StatusState } from '@heliograph/status';

/** One version of a status as readers get it. */
export interface ReadStatus {
  readonly actor: string;
  readonly statusId: string;
  /** Null once erased: never so for what a reader is shown. */
  readonly content: StatusContent | null;
  /** RFC 3339 UTC: of a local status as sent, else in milliseconds and never later than its receipt. */
  readonly published: string;
  readonly publishedRaw: string;
  /** RFC 3339 UTC, in whole seconds where it is one. */
  readonly endTime: string | null;
  readonly state: StatusState;
  readonly keep: boolean;
  readonly eventId: string;
  readonly origin: StatusEvent['metadata']['origin'];
}

/** The columns that every table with versions has. */
export interface VersionRow {
  readonly actor: string;
  readonly status_id: string;
  readonly content: StatusContent | null;
  readonly published_raw: string;
  readonly received_at: Date;
  readonly end_time: Date | null;
  readonly keep: boolean;
  readonly event_id: string;
  readonly origin: StatusEvent['metadata']['origin'];
}

export const formatEndTime = (at: Date | null): string | null =>
  at && formatInstant(at.getTime(), at.getTime() % 1000 === 0 ? 0 : 3);

export function toReadStatus(row: VersionRow, state: StatusState): ReadStatus {
  const receivedAt = formatInstant(row.received_at.getTime(), 3);
  return {
    actor: row.actor,
    statusId: row.status_id,
    content: row.content,
    published: shownPublished({ published: row.published_raw, receivedAt, origin: row.origin }),
    publishedRaw: row.published_raw,
    endTime: formatEndTime(row.end_time),
    state,
    keep: row.keep,
    eventId: row.event_id,
    origin: row.origin,
  };
}
