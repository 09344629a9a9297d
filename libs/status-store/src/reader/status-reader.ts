import { isInHistory, parseInstant, stateOf } from '@heliograph/status';
import { decodeCursor, type Page, toPage } from './cursor.ts';
import { LogReader } from './log-reader.ts';
import { formatEndTime, type ReadStatus, toReadStatus, type VersionRow } from './read-status.ts';

/** What stands at a status id. */
export type StatusLookup =
  | { readonly kind: 'shown'; readonly status: ReadStatus }
  /** `deletedAt`: RFC 3339 UTC; null when it is gone without a Delete (superseded, removed or expired, and not kept; or the actor is gone). */
  | { readonly kind: 'gone'; readonly deletedAt: string | null }
  | { readonly kind: 'unknown' };

export interface PageRequest {
  /** 1 or more. */
  readonly limit: number;
  /** `next` of the page before; null: the first page. */
  readonly cursor: string | null;
  /** The instant that decides what has expired. */
  readonly at: Date;
}

/** `current_status` rows that show at `$2`. */
const SHOWS = `content IS NOT NULL AND (end_time IS NULL OR end_time > $2::timestamptz)`;
const VERSION = 'actor, status_id, content, published_raw, received_at, end_time, keep, event_id, origin';

/**
 * Which rows `h` of the history of `$1` are in it: erasing a long one takes a while, and what the marks cover is gone before that.
 * The oldest instant is a subquery of its own, so that it bounds the index scan; null (a deleted actor) lets nothing through.
 */
const IN_HISTORY = `h.actor = $1
  AND h.published_key > (SELECT CASE WHEN NOT actor_deleted THEN coalesce(erased_as_of, '') END FROM current_status WHERE actor = $1)
  AND NOT EXISTS (SELECT FROM erasure_due d WHERE d.actor = h.actor AND d.status_id = h.status_id)`;

/**
 * Reads what the projection wrote. Every question about now takes the instant `at`: the same one then decides what is shown, and
 * how long caches may keep it.
 */
export class StatusReader extends LogReader {
  /** The actor's current status. */
  async current(actor: string, at: Date): Promise<ReadStatus | null> {
    return (await this.currentOf([actor], at)).get(actor) ?? null;
  }

  /** The current statuses of these actors, by actor; who has none is left out. */
  async currentOf(actors: readonly string[], at: Date): Promise<ReadonlyMap<string, ReadStatus>> {
    const rows: VersionRow[] = await this.dataSource.query(
      `SELECT ${VERSION} FROM current_status WHERE actor = ANY($1::text[]) AND ${SHOWS}`,
      [actors, at.toISOString()],
    );
    return new Map(rows.map((row) => [row.actor, toReadStatus(row, 'current')]));
  }

  /** The current statuses of these actors, newest first by the `published` that is shown. */
  async home(actors: readonly string[], { limit, cursor, at }: PageRequest): Promise<Page<ReadStatus>> {
    const after = cursor === null ? null : decodeCursor(cursor, 2);
    if (cursor !== null && parseInstant(after?.[0]) === null) return { kind: 'bad-cursor' };
    const rows: (VersionRow & { shown_at: Date })[] = await this.dataSource.query(
      `SELECT ${VERSION}, shown_at FROM current_status WHERE actor = ANY($1::text[]) AND ${SHOWS}
         AND ($3::timestamptz IS NULL OR (shown_at, actor) < ($3::timestamptz, $4::text))
       ORDER BY shown_at DESC, actor DESC LIMIT $5`,
      [actors, at.toISOString(), after?.[0] ?? null, after?.[1] ?? null, limit + 1],
    );
    return toPage(rows, limit, (row) => toReadStatus(row, 'current'), (row) => [row.shown_at.toISOString(), row.actor]);
  }

  /** Every version in the actor's history, newest first, with what became of each. Empty without a history. */
  async history(actor: string, { limit, cursor, at }: PageRequest): Promise<Page<ReadStatus>> {
    const after = cursor === null ? null : decodeCursor(cursor, 3);
    if (cursor !== null && after === null) return { kind: 'bad-cursor' };
    // `removed` asks for a value, since an EXISTS may be answered by reading every Remove in the log.
    const rows: (VersionRow & { published_key: string; removed: boolean; shows: boolean })[] = await this.dataSource.query(
      `SELECT h.actor, h.status_id, h.content, h.published_raw, h.received_at, h.end_time, true AS keep, h.event_id, h.origin,
              h.published_key, h.event_id = c.event_id AND c.content IS NOT NULL AS shows,
              (SELECT true FROM status_event r WHERE r.actor = h.actor AND r.status_id = h.status_id AND r.kind = 'StatusRemoved' LIMIT 1) IS TRUE AS removed
       FROM status_history h JOIN current_status c USING (actor)
       WHERE ${IN_HISTORY} AND ($2::text IS NULL OR (h.published_key, h.status_id, h.published_raw) < ($2::text, $3::text, $4::text))
       ORDER BY h.published_key DESC, h.status_id DESC, h.published_raw DESC LIMIT $5`,
      [actor, after?.[0] ?? null, after?.[1] ?? null, after?.[2] ?? null, limit + 1],
    );
    const stateAt = ({ removed, shows, end_time }: (typeof rows)[number]) =>
      stateOf({ removed, shows, endTime: formatEndTime(end_time) }, at.getTime());
    return toPage(
      rows,
      limit,
      (row) => toReadStatus(row, stateAt(row)),
      (row) => [row.published_key, row.status_id, row.published_raw],
    );
  }

  /**
   * The actor's version, raised with every change: what caches compare. Ask before reading what is to be cached: then an entry never
   * claims to be newer than it is. 0: nothing is known of the actor.
   */
  async versionOf(actor: string): Promise<number> {
    return (await this.versionsOf([actor])).get(actor) ?? 0;
  }

  /** The versions of these actors, by actor; of whom nothing is known is left out. */
  async versionsOf(actors: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows: { actor: string; version: string }[] = await this.dataSource.query(`SELECT actor, version FROM current_status WHERE actor = ANY($1::text[])`, [actors]);
    return new Map(rows.map(({ actor, version }) => [actor, Number(version)]));
  }

  /** How many local people have set their latest status since then (NodeInfo `activeMonth`). Looks at every row: cache it. */
  async activeLocalActors(since: Date): Promise<number> {
    return this.count(`SELECT count(*) FROM current_status WHERE origin = 'local' AND received_at >= $1::timestamptz`, [since.toISOString()]);
  }

  /** How many versions the actor's history has. */
  async countHistory(actor: string): Promise<number> {
    return this.count(`SELECT count(*) FROM status_history h WHERE ${IN_HISTORY}`, [actor]);
  }

  /**
   * What stands at a status id: its latest version, while it is current or in a history (FEP-82f6: without `statusHistory`, what
   * was replaced no longer exists).
   */
  async byId(actor: string, statusId: string, at: Date): Promise<StatusLookup> {
    interface Row extends VersionRow {
      readonly published_key: string;
      readonly shows: boolean;
      readonly actor_deleted: boolean;
      readonly erased_as_of: string | null;
      readonly removed: boolean;
      readonly deleted_at: Date | null;
    }
    const [row]: (Row | (Record<keyof Row, null> & Pick<Row, 'deleted_at'>))[] = await this.dataSource.query(
      `SELECT v.*, v.event_id = c.event_id AND c.content IS NOT NULL AS shows, c.actor_deleted, c.erased_as_of,
         EXISTS (SELECT FROM status_event WHERE actor = c.actor AND status_id = $2 AND kind = 'StatusRemoved') AS removed,
         (SELECT received_at FROM status_event WHERE actor = c.actor AND status_id = $2 AND kind = 'StatusDeleted') AS deleted_at
       FROM current_status c LEFT JOIN LATERAL (
         SELECT ${VERSION}, published_key FROM status_event v
         WHERE v.actor = c.actor AND v.status_id = $2 AND v.kind = 'StatusPublished'
         ORDER BY published_key DESC, published_raw DESC LIMIT 1
       ) v ON true
       WHERE c.actor = $1`,
      [actor, statusId],
    );
    if (row?.deleted_at) return { kind: 'gone', deletedAt: row.deleted_at.toISOString() };
    if (!row || row.event_id === null) return { kind: 'unknown' };
    const state = stateOf({ removed: row.removed, shows: row.shows, endTime: formatEndTime(row.end_time) }, at.getTime());
    const actorMarks = { actorDeleted: row.actor_deleted, erasedAsOf: row.erased_as_of, absentCutoff: null };
    const kept = isInHistory({ publishedKey: row.published_key, keep: row.keep }, { deleted: false }, actorMarks);
    return kept || state === 'current' ? { kind: 'shown', status: toReadStatus(row, state) } : { kind: 'gone', deletedAt: null };
  }
}
