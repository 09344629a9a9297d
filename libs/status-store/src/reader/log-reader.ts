import type { StatusContent, StatusEvent } from '@heliograph/status';
import type { DataSource } from 'typeorm';
import { formatEndTime } from './read-status.ts';

/** One fact of the log, with what it takes to build its activity. */
export interface ReadEvent {
  readonly eventId: string;
  readonly kind: StatusEvent['type'];
  /** Null for facts about the whole actor. */
  readonly statusId: string | null;
  /** RFC 3339 UTC. */
  readonly receivedAt: string;
  /** Of the status itself, or for Remove and Delete of the latest version of the status they name. Null once erased, or unknown. */
  readonly content: StatusContent | null;
  /** As sent. */
  readonly published: string | null;
  /** RFC 3339 UTC, in whole seconds where it is one. */
  readonly endTime: string | null;
}

interface EventRow {
  readonly event_id: string;
  readonly kind: StatusEvent['type'];
  readonly status_id: string | null;
  readonly received_at: Date;
  readonly content: StatusContent | null;
  readonly published_raw: string | null;
  readonly end_time: Date | null;
}

/** The outbox looks no further back than this, however little of it is still readable. */
const LATEST_EVENTS = 1000;

/** The words of a version in the log, for an actor's row `c`: none once something erases them, even where that is still under way. */
const wordsOf = (version: 'e' | 'v'): string => `CASE WHEN c.actor_deleted
    OR ${version}.published_key <= c.erased_as_of AND (${version}.event_id <> c.event_id OR c.content IS NULL)
    OR EXISTS (SELECT FROM erasure_due d WHERE d.actor = ${version}.actor AND d.status_id = ${version}.status_id)
  THEN NULL ELSE ${version}.content END`;

/** Events `e` of an actor `c`, those about a status (`s`) with that status's latest version. */
const EVENT = `e.event_id, e.kind, e.status_id, e.received_at, coalesce(${wordsOf('e')}, s.content) AS content,
  coalesce(e.published_raw, s.published_raw) AS published_raw, coalesce(e.end_time, s.end_time) AS end_time`;
const WITH_STATUS = `LEFT JOIN LATERAL (
    SELECT ${wordsOf('v')} AS content, v.published_raw, v.end_time FROM status_event v
    WHERE v.actor = e.actor AND v.status_id = e.status_id AND v.kind = 'StatusPublished'
    ORDER BY v.published_key DESC, v.published_raw DESC LIMIT 1
  ) s ON e.kind IN ('StatusRemoved', 'StatusDeleted')`;

/** Reads the log itself. */
export class LogReader {
  protected readonly dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.dataSource = dataSource;
  }

  /** Which of these events the log has. A database restored from a backup lacks some that were announced; they are announced again. */
  async recordedAmong(events: readonly { readonly actor: string; readonly eventId: string }[]): Promise<ReadonlySet<string>> {
    if (events.length === 0) return new Set();
    const rows: { event_id: string }[] = await this.dataSource.query(
      'SELECT e.event_id FROM unnest($1::text[], $2::uuid[]) AS asked (actor, event_id) JOIN status_event e USING (actor, event_id)',
      [events.map(({ actor }) => actor), events.map(({ eventId }) => eventId)],
    );
    return new Set(rows.map(({ event_id }) => event_id));
  }

  /** What delivery needs to build the activity of an event. Null: the log has it not. */
  async eventContent(actor: string, eventId: string): Promise<ReadEvent | null> {
    const rows: EventRow[] = await this.dataSource.query(
      `SELECT ${EVENT} FROM status_event e JOIN current_status c ON c.actor = e.actor ${WITH_STATUS} WHERE e.actor = $1 AND e.event_id = $2`,
      [actor, eventId],
    );
    return rows[0] ? toReadEvent(rows[0]) : null;
  }

  /** Which of these events of the actor the log has. */
  async recorded(actor: string, eventIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows: { event_id: string }[] = await this.dataSource.query('SELECT event_id FROM status_event WHERE actor = $1 AND event_id = ANY($2::uuid[])', [actor, eventIds]);
    return new Set(rows.map(({ event_id }) => event_id));
  }

  /**
   * What a local actor's outbox lists, newest first: statuses that can still be read at `at`, Removes and Deletes.
   * Of the actor's latest 1,000 events at most.
   */
  async recentEvents(actor: string, limit: number, at: Date): Promise<readonly ReadEvent[]> {
    const rows: EventRow[] = await this.dataSource.query(
      `SELECT ${EVENT} FROM (
         SELECT * FROM status_event WHERE actor = $1 AND origin = 'local' ORDER BY position DESC LIMIT ${LATEST_EVENTS}
       ) e JOIN current_status c ON c.actor = e.actor ${WITH_STATUS}
       WHERE e.kind IN ('StatusRemoved', 'StatusDeleted')
          OR ${wordsOf('e')} IS NOT NULL AND (c.sweep_at IS NULL OR c.sweep_at > $2::timestamptz OR c.event_id <> e.event_id)
       ORDER BY e.position DESC LIMIT $3`,
      [actor, at.toISOString(), limit],
    );
    return rows.map(toReadEvent);
  }

  /** How many statuses local people have published, erased ones included (NodeInfo `localPosts`). Counts an index: cache it. */
  async localStatusCount(): Promise<number> {
    return this.count(`SELECT count(*) FROM status_event WHERE origin = 'local' AND kind = 'StatusPublished'`, []);
  }

  protected async count(sql: string, params: readonly unknown[]): Promise<number> {
    const [row]: { count: string }[] = await this.dataSource.query(sql, [...params]);
    return Number(row?.count);
  }
}

const toReadEvent = (row: EventRow): ReadEvent => ({
  eventId: row.event_id,
  kind: row.kind,
  statusId: row.status_id,
  receivedAt: row.received_at.toISOString(),
  content: row.content,
  published: row.published_raw,
  endTime: formatEndTime(row.end_time),
});
