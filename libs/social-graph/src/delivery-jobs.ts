import type { DataSource } from 'typeorm';
import type { JobTask, LeasedJob } from './delivery-job.ts';
import { CHOOSE_BY_HOST, CHOOSE_FROM_WINDOW, TAKE, WINDOW } from './lease.sql.ts';

export interface FanOutEvent {
  /** The local sender. */
  readonly actor: string;
  readonly eventId: string;
  /** The trace that the jobs are to belong to (W3C Trace Context). */
  readonly traceparent?: string | null;
}

export interface JobStats {
  readonly pending: number;
  readonly dead: number;
  /** How long the oldest pending job has been due, in seconds; 0 when none is. */
  readonly oldestDueSeconds: number;
}

/** How long dead jobs stay for whoever looks into them, and how many of them at most. */
const DEAD_DAYS = 30;
const MAX_DEAD = 100_000;
/** So that a statement stays short also for senders with many thousand inboxes. */
const EVENTS_AT_ONCE = 20;
/** Longest error text kept. */
const MAX_ERROR = 500;

/**
 * The queue of POSTs. No transaction stays open while one is made: a worker leases a job, and whatever happens to the worker, the job is
 * free again when the lease ends. So a job may be carried out twice, always under the same activity id.
 */
export class DeliveryJobs {
  readonly #dataSource: DataSource;
  readonly #instance: string;

  /** `instance` names this process, the same after a restart: see `releaseLeases`. */
  constructor(dataSource: DataSource, options: { readonly instance: string }) {
    this.#dataSource = dataSource;
    this.#instance = options.instance;
  }

  /**
   * One job per event and inbox of the sender's followers as of now, in the order of `events`. What is there already stays as it is.
   * @returns how many are new
   */
  async enqueueFanOut(events: readonly FanOutEvent[]): Promise<number> {
    let added = 0;
    for (let from = 0; from < events.length; from += EVENTS_AT_ONCE) added += await this.#fanOut(events.slice(from, from + EVENTS_AT_ONCE));
    return added;
  }

  async #fanOut(events: readonly FanOutEvent[]): Promise<number> {
    const [row] = await this.#dataSource.query<[{ n: number }]>(
      `WITH added AS (
         INSERT INTO delivery_job (actor, event_id, kind, payload, inbox, traceparent)
         SELECT actor, event_id, 'status', '{}', audience_inbox, traceparent FROM (
           SELECT e.actor, e.event_id, f.audience_inbox, min(e.traceparent) AS traceparent
             FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS e (actor, event_id, traceparent, n)
             JOIN follower f ON f.actor = e.actor AND f.audience_inbox IS NOT NULL
            GROUP BY e.actor, e.event_id, f.audience_inbox
            ORDER BY min(e.n), f.audience_inbox) AS job
         ON CONFLICT (actor, inbox, event_id) DO NOTHING RETURNING id)
       SELECT count(*)::int AS n FROM added`,
      [events.map(({ actor }) => actor), events.map(({ eventId }) => eventId), events.map(({ traceparent }) => traceparent ?? null)],
    );
    return row.n;
  }

  /**
   * Takes up to `limit` due jobs for `leaseSeconds`, at most `perHost` of a host at a time. Two processes that ask at the same instant
   * may together exceed `perHost` by what one of them was given.
   */
  async lease(limit: number, perHost: number, leaseSeconds: number): Promise<readonly LeasedJob[]> {
    const ids = await this.#choose(limit, perHost);
    if (ids.length === 0) return [];
    const [rows] = await this.#dataSource.query<[LeasedRow[], number]>(TAKE, [ids, leaseSeconds, this.#instance]);
    return rows.map(toJob);
  }

  async #choose(limit: number, perHost: number): Promise<readonly string[]> {
    const [{ seen, ids }] = await this.#dataSource.query<[{ seen: number; ids: string[] }]>(CHOOSE_FROM_WINDOW, [limit, perHost]);
    if (ids.length === limit || seen < WINDOW) return ids;
    const [all] = await this.#dataSource.query<[{ ids: string[] }]>(CHOOSE_BY_HOST, [limit, perHost]);
    return all.ids;
  }

  /** Ends the leases that an earlier life of this process left behind. Call it once, before the first `lease`. */
  async releaseLeases(): Promise<void> {
    await this.#dataSource.query('UPDATE delivery_job SET lease_until = NULL, lease_by = NULL WHERE lease_until IS NOT NULL AND lease_by = $1', [this.#instance]);
  }

  /** Done, or not wanted any more. */
  async complete(job: LeasedJob): Promise<void> {
    await this.#dataSource.query('DELETE FROM delivery_job WHERE id = $1 AND lease_by = $2', [job.id, this.#instance]);
  }

  /** The attempt failed; the next is due in `pauseMs`. */
  async retry(job: LeasedJob, pauseMs: number, error: string): Promise<void> {
    await this.#dataSource.query(
      `UPDATE delivery_job SET attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, now()), last_error = $3,
              due_at = now() + $4 * interval '1 millisecond', lease_until = NULL, lease_by = NULL
        WHERE id = $1 AND lease_by = $2`,
      [job.id, this.#instance, error.slice(0, MAX_ERROR), pauseMs],
    );
  }

  /** Dead: kept for 30 days and never tried again by itself. */
  async bury(job: LeasedJob, error: string): Promise<void> {
    await this.#dataSource.query(
      `UPDATE delivery_job SET state = 'dead', attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, now()), last_error = $3,
              due_at = now(), lease_until = NULL, lease_by = NULL
        WHERE id = $1 AND lease_by = $2`,
      [job.id, this.#instance, error.slice(0, MAX_ERROR)],
    );
  }

  /** Milliseconds until the next postponed job is due; null: none is postponed. */
  async nextDueMs(): Promise<number | null> {
    const [row] = await this.#dataSource.query<[{ ms: string | null }]>(
      `SELECT extract(epoch FROM min(due_at) - now()) * 1000 AS ms FROM delivery_job WHERE state = 'pending' AND due_at > now()`,
    );
    return row.ms === null ? null : Number(row.ms);
  }

  async stats(): Promise<JobStats> {
    const [row] = await this.#dataSource.query<[{ pending: number; dead: number; age: string }]>(
      `SELECT (SELECT count(*)::int FROM delivery_job WHERE state = 'pending') AS pending,
              (SELECT count(*)::int FROM delivery_job WHERE state = 'dead') AS dead,
              (SELECT coalesce(greatest(extract(epoch FROM now() - min(due_at)), 0), 0) FROM delivery_job WHERE state = 'pending') AS age`,
    );
    return { pending: row.pending, dead: row.dead, oldestDueSeconds: Number(row.age) };
  }

  /** Forgets dead jobs older than 30 days, and the oldest beyond 100,000. @returns how many */
  async sweep(): Promise<number> {
    const [, gone] = await this.#dataSource.query<[unknown, number]>(
      `DELETE FROM delivery_job WHERE state = 'dead' AND due_at < greatest(
         now() - $1 * interval '1 day',
         (SELECT due_at FROM delivery_job WHERE state = 'dead' ORDER BY due_at DESC OFFSET $2 LIMIT 1))`,
      [DEAD_DAYS, MAX_DEAD - 1],
    );
    return gone;
  }

  /** Deleted accounts that have nothing left to send and whose key may go; tell `keyForgotten` when it has gone. */
  async departedWithoutJobs(): Promise<readonly string[]> {
    const rows = await this.#dataSource.query<{ actor: string }[]>(
      `SELECT actor FROM departed_account d WHERE NOT key_forgotten
          AND NOT EXISTS (SELECT FROM delivery_job j WHERE j.actor = d.actor AND j.state = 'pending') LIMIT 100`,
    );
    return rows.map(({ actor }) => actor);
  }

  async keyForgotten(actor: string): Promise<void> {
    await this.#dataSource.query('UPDATE departed_account SET key_forgotten = true WHERE actor = $1', [actor]);
  }
}

interface LeasedRow {
  readonly id: string;
  readonly actor: string;
  readonly event_id: string;
  readonly kind: JobTask['kind'];
  readonly payload: object;
  readonly inbox: string;
  readonly host: string;
  readonly attempts: number;
  readonly first_attempt_at: Date | null;
  readonly traceparent: string | null;
}

const toJob = (row: LeasedRow): LeasedJob => ({
  id: row.id,
  actor: row.actor,
  eventId: row.event_id,
  // Written by jobs of the same release line: `kind` says which ids the payload has.
  task: { ...row.payload, kind: row.kind } as JobTask,
  inbox: row.inbox,
  host: row.host,
  attempts: row.attempts,
  firstAttemptAt: row.first_attempt_at,
  traceparent: row.traceparent,
});
