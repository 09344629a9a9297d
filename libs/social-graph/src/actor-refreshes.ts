import type { DataSource } from 'typeorm';
import { CHOOSE_REFRESHES, CHOOSE_REFRESHES_BY_HOST, REFRESH_WINDOW, TAKE_REFRESHES } from './refresh.sql.ts';

/** A remote actor to be looked at, in the hands of one worker until its lease ends. */
export interface LeasedRefresh {
  readonly actor: string;
  readonly host: string;
  /** Failures in a row before this one. */
  readonly attempts: number;
  readonly historyRead: boolean;
  /** Of the document that was taken in last, with whether that had no `status`; null: none. */
  readonly seen: { readonly etag: string; readonly withoutStatus: boolean } | null;
  /** Since when its server answers that there is no such actor. */
  readonly goneSince: Date | null;
}

/** What a refresh came to. */
export interface RefreshResult {
  /** Until the next one, in milliseconds, if anybody follows the actor then; a failure is tried again in any case. */
  readonly pauseMs: number;
  /** Null: it succeeded. */
  readonly error: string | null;
  /** Whether it is tried again even if nobody follows the actor. */
  readonly insist: boolean;
  readonly historyRead: boolean;
  readonly seen: LeasedRefresh['seen'];
  readonly goneSince: Date | null;
}

const MAX_ERROR = 500;
/** How long it is remembered that somebody was looked at whom nobody follows. */
const IDLE_DAYS = 30;

interface Row {
  readonly actor: string;
  readonly host: string;
  readonly attempts: number;
  readonly history_read: boolean;
  readonly etag: string | null;
  readonly etag_without_status: boolean | null;
  readonly gone_since: Date | null;
}

/**
 * Which remote actors are to be looked at, and when. As with deliveries, no transaction is open while a server is asked: a worker leases
 * an actor, and whatever happens to the worker, the actor is free again when the lease ends. Looking twice does no harm.
 */
export class ActorRefreshes {
  readonly #dataSource: DataSource;
  readonly #instance: string;

  /** `instance` names this process, the same after a restart: see `releaseLeases`. */
  constructor(dataSource: DataSource, options: { readonly instance: string }) {
    this.#dataSource = dataSource;
    this.#instance = options.instance;
  }

  /** Takes up to `limit` due actors for `leaseSeconds`, at most `perHost` of a host at a time; those somebody waits for come first. */
  async lease(limit: number, perHost: number, leaseSeconds: number): Promise<readonly LeasedRefresh[]> {
    const actors = await this.#choose(limit, perHost);
    if (actors.length === 0) return [];
    const [rows] = await this.#dataSource.query<[Row[], number]>(TAKE_REFRESHES, [actors, leaseSeconds, this.#instance]);
    return rows.map(toRefresh);
  }

  async #choose(limit: number, perHost: number): Promise<readonly string[]> {
    const [{ seen, actors }] = await this.#dataSource.query<[{ seen: number; actors: string[] }]>(CHOOSE_REFRESHES, [limit, perHost]);
    if (actors.length === limit || seen < REFRESH_WINDOW) return actors;
    const [all] = await this.#dataSource.query<[{ actors: string[] }]>(CHOOSE_REFRESHES_BY_HOST, [limit, perHost]);
    return all.actors;
  }

  /** Ends the leases that an earlier life of this process left behind. Call it once, before the first `lease`. */
  async releaseLeases(): Promise<void> {
    await this.#dataSource.query('UPDATE actor_refresh SET lease_until = NULL, lease_by = NULL WHERE lease_until IS NOT NULL AND lease_by = $1', [this.#instance]);
  }

  /** Writes down what a refresh came to, and when the next one is. Does nothing when the lease went to somebody else meanwhile. */
  async settle({ actor }: LeasedRefresh, result: RefreshResult): Promise<void> {
    await this.#dataSource.query(
      `UPDATE actor_refresh r SET tried_at = now(), urgent = false, lease_until = NULL, lease_by = NULL,
              due_at = now() + $4 * interval '1 millisecond',
              idle = NOT $3 AND NOT EXISTS (SELECT FROM following WHERE target = r.actor AND state <> 'rejected'),
              attempts = CASE WHEN $5::text IS NULL THEN 0 ELSE attempts + 1 END, last_error = $5,
              history_read = $6, etag = $7, etag_without_status = $8, gone_since = $9
        WHERE actor = $1 AND lease_by = $2`,
      [
        actor,
        this.#instance,
        result.insist,
        result.pauseMs,
        result.error?.slice(0, MAX_ERROR) ?? null,
        result.historyRead,
        result.seen?.etag ?? null,
        result.seen?.withoutStatus ?? null,
        result.goneSince,
      ],
    );
  }

  /** Milliseconds until the next one that is put off is due; null: none is. */
  async nextDueMs(): Promise<number | null> {
    const [row] = await this.#dataSource.query<[{ ms: string | null }]>(
      'SELECT extract(epoch FROM min(due_at) - now()) * 1000 AS ms FROM actor_refresh WHERE due_at > now() AND NOT urgent AND NOT idle',
    );
    return row.ms === null ? null : Number(row.ms);
  }

  /** How long the one that waits longest has been due, in seconds; 0 when none is. */
  async oldestDueSeconds(): Promise<number> {
    // Each from its end of the index.
    const [row] = await this.#dataSource.query<[{ age: string }]>(
      `SELECT coalesce(greatest(extract(epoch FROM now() - least(
         (SELECT min(due_at) FROM actor_refresh WHERE urgent AND NOT idle),
         (SELECT min(due_at) FROM actor_refresh WHERE NOT urgent AND NOT idle))), 0), 0) AS age`,
    );
    return Number(row.age);
  }

  /** Forgets whom nobody follows, a month after the last look. @returns how many */
  async sweep(): Promise<number> {
    const [, gone] = await this.#dataSource.query<[unknown, number]>(
      `DELETE FROM actor_refresh WHERE idle AND tried_at < now() - $1 * interval '1 day'`,
      [IDLE_DAYS],
    );
    return gone;
  }
}

const toRefresh = ({ actor, host, attempts, history_read, etag, etag_without_status, gone_since }: Row): LeasedRefresh => ({
  actor,
  host,
  attempts,
  historyRead: history_read,
  seen: etag === null ? null : { etag, withoutStatus: etag_without_status ?? false },
  goneSince: gone_since,
});
