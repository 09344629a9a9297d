import { formatInstant, instantKeyOf, parseInstant, type StatusContent, type StatusEvent, type VersionKey } from '@heliograph/status';

/** One version of a status, as far as the fold goes. */
export interface Version extends VersionKey {
  readonly eventId: string;
  readonly keep: boolean;
}

/** An event on its way into the log. */
export interface LogEntry {
  readonly event: StatusEvent;
  /** Null for events about the whole actor. */
  readonly statusId: string | null;
  /** Null but for StatusPublished. */
  readonly version: Version | null;
  /** RFC 3339, UTC, milliseconds: no finer than the clock it is compared with. */
  readonly endTime: string | null;
  /** The words that came with it. */
  readonly content: StatusContent | null;
  /** Instant (key) that StatusSeenAbsent and HistoryErased carry. */
  readonly cutoff: string | null;
}

/** @throws Error when the event carries an instant that is not RFC 3339. */
export function toLogEntry(event: StatusEvent): LogEntry {
  const entry = { event, statusId: null, version: null, endTime: null, content: null, cutoff: null };
  switch (event.type) {
    case 'StatusPublished': {
      const { statusId, published, endTime, keep, content } = event.data;
      const version = { eventId: event.metadata.eventId, statusId, published, publishedKey: instantKeyOf(published), keep };
      return { ...entry, statusId, version, content, endTime: endTime === null ? null : toMilliseconds(endTime) };
    }
    case 'StatusSeenAbsent':
      return { ...entry, cutoff: instantKeyOf(event.data.cutoff) };
    case 'HistoryErased':
      return { ...entry, cutoff: instantKeyOf(event.data.asOf) };
    case 'StatusRemoved':
    case 'StatusDeleted':
      return { ...entry, statusId: event.data.statusId };
    case 'ActorDeleted':
      return entry;
    default:
      return unknownEvent(event);
  }
}

function toMilliseconds(text: string): string {
  const instant = parseInstant(text);
  if (instant === null) throw new Error('an event carries an unreadable endTime');
  return formatInstant(instant.ms, 3);
}

/** An unknown type is never skipped: the caller pauses the partition, or sets the message aside. */
function unknownEvent(event: never): never {
  throw new Error(`unknown event type ${String((event as StatusEvent).type)}`);
}
