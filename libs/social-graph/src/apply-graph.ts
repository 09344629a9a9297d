import type { GraphMessage, Mailbox } from '@heliograph/contracts';
import { audienceInbox, inboxUrl } from '@heliograph/delivery-policy';
import type { EntityManager } from 'typeorm';
import { jobName, type JobTask } from './delivery-job.ts';

export interface ApplyResult {
  /** Jobs that are due now. */
  readonly jobs: number;
  /** Messages without effect, because of what they say: ids that no table takes, mailboxes nobody can post to. */
  readonly unusable: number;
}

type Effect = { readonly jobs: number } | 'unusable';
type Of<Type extends GraphMessage['type']> = Extract<GraphMessage, { type: Type }>['data'];

/** Longest IRI, in bytes: three of them fit a row of an index. */
const MAX_IRI_BYTES = 1000;
const NOTHING: Effect = { jobs: 0 };

export async function applyGraph(manager: EntityManager, publicUrl: string, messages: readonly GraphMessage[]): Promise<ApplyResult> {
  const graph = new GraphTransaction(manager, publicUrl);
  let jobs = 0;
  let unusable = 0;
  for (const message of messages) {
    const effect = await graph.apply(message);
    if (effect === 'unusable') unusable += 1;
    else jobs += effect.jobs;
  }
  return { jobs, unusable };
}

/** The rules of the graph, one message at a time. Every statement is harmless when its message comes again. */
class GraphTransaction {
  constructor(
    private readonly manager: EntityManager,
    private readonly publicUrl: string,
  ) {}

  async apply({ type, data }: GraphMessage): Promise<Effect> {
    if (!iris(data).every(isUsable) || !isTime(data.at)) return 'unusable';
    switch (type) {
      case 'FollowReceived':
        return this.#followReceived(data);
      case 'FollowUndone':
        return this.#followUndone(data);
      case 'FollowRequested':
        return this.#followRequested(data);
      case 'UnfollowRequested':
        return this.#unfollowRequested(data);
      case 'FollowAnswered':
        return this.#followAnswered(data);
      case 'RemoteActorGone':
        return this.#remoteActorGone(data.actor);
      case 'AccountDeleted':
        return this.#accountDeleted(data);
      default:
        return type satisfies never;
    }
  }

  async #followReceived({ actor, at, follower, followId }: Of<'FollowReceived'>): Promise<Effect> {
    if (this.#isLocal(follower.actor)) return this.#settleHere(follower.actor, actor, followId, at);
    const inbox = inboxUrl(follower.inbox, this.publicUrl);
    if (!inbox) return 'unusable';
    const [before] = await this.#query<{ follow_id: string; is_older: boolean }>(
      'SELECT follow_id, follow_at <= $3 AS is_older FROM follower WHERE actor = $1 AND follower = $2',
      [actor, follower.actor, at],
    );
    const [row] = await this.#query(
      `INSERT INTO follower (actor, follower, follow_id, inbox, shared_inbox, audience_inbox, since, follow_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $7
        WHERE NOT EXISTS (SELECT FROM follow_undone WHERE actor = $1 AND follower = $2 AND follow_id = $3)
          AND NOT EXISTS (SELECT FROM departed_account WHERE actor = $1)
       ON CONFLICT (actor, follower) DO UPDATE
          SET follow_id = EXCLUDED.follow_id, follow_at = EXCLUDED.follow_at, inbox = EXCLUDED.inbox,
              shared_inbox = EXCLUDED.shared_inbox, audience_inbox = EXCLUDED.audience_inbox
       RETURNING follower`,
      [actor, follower.actor, followId, inbox, this.#sharedInbox(follower), audienceInbox(follower, this.publicUrl), at],
    );
    if (!row) return NOTHING;
    // A Follow that comes again means that the peer missed the Accept.
    await this.#enqueue(actor, inbox, { kind: 'accept', follower: follower.actor, followId });
    if (before) {
      // The newest Follow stands for the relation, and the one before is as good as taken back; but not when an old message comes again.
      if (before.is_older && before.follow_id !== followId) await this.#undone(actor, follower.actor, before.follow_id, at);
      return { jobs: 1 };
    }
    // To the same inbox, so that it arrives after the Accept.
    await this.#enqueue(actor, inbox, { kind: 'current-status', follower: follower.actor });
    return { jobs: 2 };
  }

  async #followUndone({ actor, at, follower, followId }: Of<'FollowUndone'>): Promise<Effect> {
    if (followId !== null) await this.#undone(actor, follower, followId, at);
    await this.#query('DELETE FROM follower WHERE actor = $1 AND follower = $2 AND ($3::text IS NULL OR follow_id = $3)', [actor, follower, followId]);
    return NOTHING;
  }

  async #undone(actor: string, follower: string, followId: string, at: string): Promise<void> {
    await this.#query('INSERT INTO follow_undone (actor, follower, follow_id, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
      actor,
      follower,
      followId,
      at,
    ]);
    await this.#query(
      `DELETE FROM follow_undone WHERE actor = $1 AND follower = $2 AND follow_id IN (
         SELECT follow_id FROM follow_undone WHERE actor = $1 AND follower = $2 ORDER BY at DESC, follow_id OFFSET 100)`,
      [actor, follower],
    );
  }

  async #followRequested({ actor, at, target, followId }: Of<'FollowRequested'>): Promise<Effect> {
    if (this.#isLocal(target.actor)) return this.#settleHere(actor, target.actor, followId, at);
    const inbox = inboxUrl(target.inbox, this.publicUrl);
    if (!inbox) return 'unusable';
    const [row] = await this.#query(
      `INSERT INTO following (actor, target, follow_id, state, inbox, shared_inbox, audience_inbox, since)
       SELECT $1, $2, $3, 'requested', $4, $5, $6, $7 WHERE NOT EXISTS (SELECT FROM departed_account WHERE actor = $1)
       ON CONFLICT (actor, target) DO UPDATE
          SET follow_id = EXCLUDED.follow_id, state = 'requested', inbox = EXCLUDED.inbox, shared_inbox = EXCLUDED.shared_inbox,
              audience_inbox = EXCLUDED.audience_inbox, since = EXCLUDED.since
        WHERE following.follow_id <> EXCLUDED.follow_id
       RETURNING target`,
      [actor, target.actor, followId, inbox, this.#sharedInbox(target), audienceInbox(target, this.publicUrl), at],
    );
    if (!row) return NOTHING;
    return this.#enqueue(actor, inbox, { kind: 'follow', target: target.actor, followId });
  }

  async #unfollowRequested({ actor, target }: Of<'UnfollowRequested'>): Promise<Effect> {
    const [row] = await this.#deleted<{ follow_id: string; inbox: string | null }>(
      'DELETE FROM following WHERE actor = $1 AND target = $2 RETURNING follow_id, inbox',
      [actor, target],
    );
    if (this.#isLocal(target)) {
      await this.#query('DELETE FROM follower WHERE actor = $1 AND follower = $2', [target, actor]);
      return NOTHING;
    }
    return row?.inbox ? this.#enqueue(actor, row.inbox, { kind: 'undo-follow', target, followId: row.follow_id }) : NOTHING;
  }

  async #followAnswered({ actor, target, followId, accepted }: Of<'FollowAnswered'>): Promise<Effect> {
    await this.#query('UPDATE following SET state = $4 WHERE actor = $1 AND target = $2 AND ($3::text IS NULL OR follow_id = $3)', [
      actor,
      target,
      followId,
      accepted ? 'accepted' : 'rejected',
    ]);
    return NOTHING;
  }

  async #remoteActorGone(remoteActor: string): Promise<Effect> {
    await this.#query('DELETE FROM follower WHERE follower = $1', [remoteActor]);
    await this.#query('DELETE FROM follow_undone WHERE follower = $1', [remoteActor]);
    await this.#query('DELETE FROM following WHERE target = $1', [remoteActor]);
    return NOTHING;
  }

  async #accountDeleted({ actor, at }: Of<'AccountDeleted'>): Promise<Effect> {
    await this.#query('INSERT INTO departed_account (actor, at) VALUES ($1, $2) ON CONFLICT DO NOTHING', [actor, at]);
    const told = await this.#query(
      `INSERT INTO delivery_job (actor, event_id, kind, payload, inbox)
       SELECT $1, $2, $2, '{}', inbox FROM (
         SELECT audience_inbox FROM follower WHERE actor = $1 UNION SELECT audience_inbox FROM following WHERE actor = $1
       ) AS audience (inbox) WHERE inbox IS NOT NULL
       ON CONFLICT (actor, inbox, event_id) DO NOTHING RETURNING id`,
      [actor, jobName({ kind: 'account-deleted' })],
    );
    // Its relations to people of this server are in the tables from both sides.
    await this.#query('DELETE FROM follower WHERE actor = $1 OR follower = $1', [actor]);
    await this.#query('DELETE FROM following WHERE actor = $1 OR target = $1', [actor]);
    await this.#query('DELETE FROM follow_undone WHERE actor = $1', [actor]);
    return { jobs: told.length };
  }

  /** Both are people of this server: the follow is there at once, from both sides, and nothing is sent. */
  async #settleHere(follower: string, target: string, followId: string, at: string): Promise<Effect> {
    const both = 'NOT EXISTS (SELECT FROM departed_account WHERE actor IN ($1, $2))';
    await this.#query(
      `INSERT INTO following (actor, target, follow_id, state, since) SELECT $1, $2, $3, 'accepted', $4 WHERE ${both}
       ON CONFLICT (actor, target) DO UPDATE SET follow_id = EXCLUDED.follow_id, state = 'accepted'`,
      [follower, target, followId, at],
    );
    await this.#query(
      `INSERT INTO follower (actor, follower, follow_id, since, follow_at) SELECT $2, $1, $3, $4, $4 WHERE ${both}
       ON CONFLICT (actor, follower) DO UPDATE SET follow_id = EXCLUDED.follow_id`,
      [follower, target, followId, at],
    );
    return NOTHING;
  }

  /** The same job again revives a dead one and hurries a postponed one: whoever asks again is there. */
  async #enqueue(actor: string, inbox: string, task: Exclude<JobTask, { kind: 'status' }>): Promise<Effect> {
    const { kind, ...payload } = task;
    await this.#query(
      `INSERT INTO delivery_job AS job (actor, event_id, kind, payload, inbox) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (actor, inbox, event_id) DO UPDATE
          SET state = 'pending', due_at = least(job.due_at, EXCLUDED.due_at),
              attempts = CASE job.state WHEN 'dead' THEN 0 ELSE job.attempts END,
              first_attempt_at = CASE job.state WHEN 'dead' THEN NULL ELSE job.first_attempt_at END`,
      [actor, jobName(task), kind, JSON.stringify(payload), inbox],
    );
    return { jobs: 1 };
  }

  #isLocal(iri: string): boolean {
    return iri.startsWith(`${this.publicUrl}/`);
  }

  #sharedInbox({ sharedInbox }: Mailbox): string | null {
    return sharedInbox && inboxUrl(sharedInbox, this.publicUrl);
  }

  #query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.manager.query<Row[]>(sql, parameters);
  }

  /** The driver answers a DELETE with rows and count. */
  async #deleted<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    const [rows] = await this.manager.query<[Row[], number]>(sql, parameters);
    return rows;
  }
}

/** Everything in a message that becomes part of a key. */
function iris(data: GraphMessage['data']): readonly string[] {
  const mailbox = (value: Mailbox | string): string => (typeof value === 'string' ? value : value.actor);
  return [
    data.actor,
    ...('follower' in data ? [mailbox(data.follower)] : []),
    ...('target' in data ? [mailbox(data.target)] : []),
    ...('followId' in data && data.followId !== null ? [data.followId] : []),
  ];
}

/** PostgreSQL takes no NUL, no half of a surrogate pair, and no key beyond a third of a page. */
const isUsable = (iri: string): boolean => iri !== '' && Buffer.byteLength(iri) <= MAX_IRI_BYTES && !iri.includes('\0') && iri.isWellFormed();

const isTime = (at: string): boolean => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(at) && !Number.isNaN(Date.parse(at));
