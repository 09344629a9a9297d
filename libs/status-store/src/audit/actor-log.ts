import { type ClearedAs, foldActor, isExpired, type StatusContent, type StatusEvent } from '@heliograph/status';
import type { DataSource } from 'typeorm';
import { formatEndTime } from '../reader/read-status.ts';
import { type FactRow, toEvent } from './fact-row.ts';

/** One fact of the log, as it was recorded and with what is left of it. */
export interface LoggedEvent {
  readonly eventId: string;
  readonly kind: StatusEvent['type'];
  /** RFC 3339, UTC, milliseconds. */
  readonly receivedAt: string;
  readonly origin: 'local' | 'remote';
  readonly statusId: string | null;
  /** As sent. */
  readonly published: string | null;
  /** RFC 3339 UTC. */
  readonly endTime: string | null;
  readonly keep: boolean | null;
  /** Of StatusSeenAbsent and HistoryErased: up to when what was published is meant. RFC 3339 UTC. */
  readonly cutoff: string | null;
  /** Null for events without words, and once erased. */
  readonly content: StatusContent | null;
  /** The event had words, and they are gone. */
  readonly erased: boolean;
}

/** What an actor's status was. */
export type StatusThen =
  /** The log has nothing about the actor. */
  | { readonly kind: 'unknown actor' }
  | { readonly kind: 'none'; readonly because: ClearedAs | 'expired' | 'actor deleted' | 'nothing published' }
  | { readonly kind: 'shown'; readonly status: LoggedEvent };

const COLUMNS = 'event_id, kind, received_at, origin, status_id, published_raw, end_time, keep, cutoff';
interface LoggedRow extends FactRow {
  readonly content: StatusContent | null;
}

/** Answers from the log alone, for the operator: what happened to an actor, and what stood when. */
export class ActorLog {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /** The actor's latest events, `limit` at most, in the order in which they were written. */
  async events(actor: string, limit: number): Promise<readonly LoggedEvent[]> {
    const rows: LoggedRow[] = await this.#dataSource.query(
      `SELECT ${COLUMNS}, content FROM status_event WHERE actor = $1 ORDER BY position DESC LIMIT $2`,
      [actor, limit],
    );
    return rows.reverse().map(toLogged);
  }

  /**
   * What this server showed as the actor's status at that instant: by what it had received until then, whatever `published` it bore, and with
   * what had expired by then left out. Words that were erased since are gone from the answer, too.
   *
   * Reads all of the actor's events, without their words.
   */
  async statusAt(actor: string, at: Date): Promise<StatusThen> {
    const rows: FactRow[] = await this.#dataSource.query(`SELECT ${COLUMNS} FROM status_event WHERE actor = $1`, [actor]);
    if (rows.length === 0) return { kind: 'unknown actor' };
    const events = rows.filter(({ received_at }) => received_at <= at).map((row) => toEvent(actor, row));
    const { winner, clearedAs, current } = foldActor(events, at.getTime());
    if (current) return { kind: 'shown', status: await this.#event(actor, current.metadata.eventId) };
    if (events.some(({ type }) => type === 'ActorDeleted')) return { kind: 'none', because: 'actor deleted' };
    if (!winner) return { kind: 'none', because: 'nothing published' };
    if (clearedAs) return { kind: 'none', because: clearedAs };
    if (isExpired(winner.data.endTime, at.getTime())) return { kind: 'none', because: 'expired' };
    throw new Error('a status does not show for no reason');
  }

  async #event(actor: string, eventId: string): Promise<LoggedEvent> {
    const [row]: LoggedRow[] = await this.#dataSource.query(`SELECT ${COLUMNS}, content FROM status_event WHERE actor = $1 AND event_id = $2`, [actor, eventId]);
    if (!row) throw new Error('the log has lost an event');
    return toLogged(row);
  }
}

const toLogged = (row: LoggedRow): LoggedEvent => ({
  eventId: row.event_id,
  kind: row.kind,
  receivedAt: row.received_at.toISOString(),
  origin: row.origin,
  statusId: row.status_id,
  published: row.published_raw,
  endTime: formatEndTime(row.end_time),
  keep: row.keep,
  cutoff: row.cutoff,
  content: row.content,
  erased: row.kind === 'StatusPublished' && row.content === null,
});
