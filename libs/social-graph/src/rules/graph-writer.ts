import type { Mailbox } from '@heliograph/contracts';
import { audienceInbox, inboxUrl } from '@heliograph/delivery-policy';
import type { EntityManager } from 'typeorm';
import { jobName, type JobTask } from '../delivery-job.ts';

/** What became of a message: how many jobs are due now, or that it cannot have an effect because of what it says. */
export type Effect = { readonly jobs: number } | 'unusable';

export const NOTHING: Effect = { jobs: 0 };
export const jobs = (count: number): Effect => ({ jobs: count });

/** Most undone activities that are remembered of each pair: more than anybody takes back by hand. */
const MOST_UNDONE = 100;

/** The transaction that rules of the graph write through. */
export class GraphWriter {
  /** The trace of the message that is being applied (W3C Trace Context): what is to be sent because of it belongs to it too. */
  traceparent: string | null = null;

  constructor(
    private readonly manager: EntityManager,
    private readonly publicUrl: string,
  ) {}

  query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.manager.query<Row[]>(sql, parameters);
  }

  /** The driver answers a DELETE with rows and count. */
  async deleted<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    const [rows] = await this.manager.query<[Row[], number]>(sql, parameters);
    return rows;
  }

  isLocal(iri: string): boolean {
    return iri.startsWith(`${this.publicUrl}/`);
  }

  /** Where mail for somebody elsewhere goes, checked; null when there is no inbox that we could post to. */
  addressOf(mailbox: Mailbox): { readonly inbox: string; readonly sharedInbox: string | null; readonly audienceInbox: string | null } | null {
    const inbox = inboxUrl(mailbox.inbox, this.publicUrl);
    if (!inbox) return null;
    return {
      inbox,
      sharedInbox: mailbox.sharedInbox && inboxUrl(mailbox.sharedInbox, this.publicUrl),
      audienceInbox: audienceInbox(mailbox, this.publicUrl),
    };
  }

  /** The same job again revives a dead one and hurries a postponed one: whoever asks again is there. */
  async enqueue(actor: string, inbox: string, task: Exclude<JobTask, { kind: 'status' }>): Promise<void> {
    await this.enqueueAll([{ actor, inbox, task }]);
  }

  /** Of all senders at once; no sender twice with the same task. */
  async enqueueAll(wanted: readonly { readonly actor: string; readonly inbox: string; readonly task: Exclude<JobTask, { kind: 'status' }> }[]): Promise<void> {
    const columns = wanted.map(({ actor, inbox, task: { kind, ...payload } }, index) => [actor, jobName(wanted[index]!.task), kind, JSON.stringify(payload), inbox]);
    const column = (index: number): string[] => columns.map((row) => row[index]!);
    await this.query(
      `INSERT INTO delivery_job AS job (actor, event_id, kind, payload, inbox, traceparent)
       SELECT actor, event_id, kind, payload::jsonb, inbox, $6
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS task (actor, event_id, kind, payload, inbox, n) ORDER BY n
       ON CONFLICT (actor, inbox, event_id) DO UPDATE
          SET state = 'pending', due_at = least(job.due_at, EXCLUDED.due_at),
              attempts = CASE job.state WHEN 'dead' THEN 0 ELSE job.attempts END,
              first_attempt_at = CASE job.state WHEN 'dead' THEN NULL ELSE job.first_attempt_at END`,
      [column(0), column(1), column(2), column(3), column(4), this.traceparent],
    );
  }

  /** A Follow or Block of `other` towards the local actor was taken back, or refused, for good. */
  async undone(actor: string, other: string, activityId: string, at: string): Promise<void> {
    await this.query('INSERT INTO follow_undone (actor, follower, follow_id, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [actor, other, activityId, at]);
    await this.query(
      `DELETE FROM follow_undone WHERE actor = $1 AND follower = $2 AND follow_id IN (
         SELECT follow_id FROM follow_undone WHERE actor = $1 AND follower = $2 ORDER BY at DESC, follow_id OFFSET ${MOST_UNDONE})`,
      [actor, other],
    );
  }

  /** Whether the local actor blocks `other`. */
  async blocks(actor: string, other: string): Promise<boolean> {
    return (await this.query('SELECT FROM block WHERE actor = $1 AND target = $2', [actor, other])).length > 0;
  }

  /**
   * What the remote actor shows is to be taken in soon, unless that was tried a moment ago: by many who follow, or look, only the first
   * costs its server something.
   * @param atMostEvery as PostgreSQL reads an interval.
   */
  async seek(actor: string, atMostEvery: string): Promise<void> {
    await this.query(
      `INSERT INTO actor_refresh AS r (actor, due_at, urgent) VALUES ($1, now(), true)
       ON CONFLICT (actor) DO UPDATE SET due_at = now(), urgent = true, idle = false
        WHERE r.tried_at IS NULL OR r.tried_at < now() - $2::interval`,
      [actor, atMostEvery],
    );
  }

  /** The remote actor is followed: it is refreshed from now on; and at once, if it was not looked at before. */
  async watch(actor: string): Promise<void> {
    await this.query(
      `INSERT INTO actor_refresh AS r (actor, due_at, urgent) VALUES ($1, now(), true)
       ON CONFLICT (actor) DO UPDATE SET idle = false WHERE r.idle`,
      [actor],
    );
  }
}
