import type { GraphMessage } from '@heliograph/contracts';
import { type Effect, type GraphWriter, jobs, NOTHING } from './graph-writer.ts';

type Of<Type extends GraphMessage['type']> = Extract<GraphMessage, { type: Type }>['data'];

interface Answered {
  readonly follow_id: string;
  readonly inbox: string | null;
}

/** Who follows whom. Every statement is harmless when its message comes again. */
export class FollowRules {
  constructor(private readonly graph: GraphWriter) {}

  async received({ actor, at, follower, followId }: Of<'FollowReceived'>): Promise<Effect> {
    if (this.graph.isLocal(follower.actor)) return this.#settleHere(follower.actor, actor, followId, at);
    const address = this.graph.addressOf(follower);
    if (!address) return 'unusable';
    const [before] = await this.graph.query<{ follow_id: string; is_older: boolean }>(
      'SELECT follow_id, follow_at <= $3 AS is_older FROM follower WHERE actor = $1 AND follower = $2',
      [actor, follower.actor, at],
    );
    const [row] = await this.graph.query(
      `INSERT INTO follower (actor, follower, follow_id, inbox, shared_inbox, audience_inbox, since, follow_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $7
        WHERE NOT EXISTS (SELECT FROM follow_undone WHERE actor = $1 AND follower = $2 AND follow_id = $3)
          AND NOT EXISTS (SELECT FROM departed_account WHERE actor = $1)
          AND NOT EXISTS (SELECT FROM block WHERE actor = $1 AND target = $2)
       ON CONFLICT (actor, follower) DO UPDATE
          SET follow_id = EXCLUDED.follow_id, follow_at = EXCLUDED.follow_at, inbox = EXCLUDED.inbox,
              shared_inbox = EXCLUDED.shared_inbox, audience_inbox = EXCLUDED.audience_inbox
       RETURNING follower`,
      [actor, follower.actor, followId, address.inbox, address.sharedInbox, address.audienceInbox, at],
    );
    if (!row) return this.#refuseBlocked(actor, follower.actor, followId, address.inbox, at);
    const waiting = await this.graph.deleted<{ follow_id: string }>('DELETE FROM follow_request WHERE actor = $1 AND follower = $2 AND since <= $3 RETURNING follow_id', [actor, follower.actor, at]);
    for (const { follow_id } of waiting) if (follow_id !== followId) await this.graph.undone(actor, follower.actor, follow_id, at);
    // A Follow that comes again means that the peer missed the Accept.
    await this.graph.enqueue(actor, address.inbox, { kind: 'accept', follower: follower.actor, followId });
    if (before) {
      // The newest Follow stands for the relation, and the one before is as good as taken back; but not when an old message comes again.
      if (before.is_older && before.follow_id !== followId) await this.graph.undone(actor, follower.actor, before.follow_id, at);
      return jobs(1);
    }
    // To the same inbox, so that it arrives after the Accept.
    await this.graph.enqueue(actor, address.inbox, { kind: 'current-status', follower: follower.actor });
    return jobs(2);
  }

  /** Waits for the local actor's decision; who follows already is answered at once. */
  async approvalRequested(data: Of<'FollowApprovalRequested'>): Promise<Effect> {
    const { actor, at, follower, followId } = data;
    const here = this.graph.isLocal(follower.actor);
    const address = here ? { inbox: null, sharedInbox: null, audienceInbox: null } : this.graph.addressOf(follower);
    if (!address) return 'unusable';
    const known = await this.graph.query('SELECT FROM follower WHERE actor = $1 AND follower = $2', [actor, follower.actor]);
    if (known.length > 0) return this.received({ ...data, activity: {} });
    if (here && !(await this.#wish(follower.actor, actor, followId, 'requested', at))) return NOTHING;
    const [before] = await this.graph.query<{ follow_id: string }>('SELECT follow_id FROM follow_request WHERE actor = $1 AND follower = $2 AND since <= $3', [actor, follower.actor, at]);
    const [row] = await this.graph.query(
      `INSERT INTO follow_request (actor, follower, follow_id, inbox, shared_inbox, audience_inbox, since)
       SELECT $1, $2, $3, $4, $5, $6, $7
        WHERE NOT EXISTS (SELECT FROM follow_undone WHERE actor = $1 AND follower = $2 AND follow_id = $3)
          AND NOT EXISTS (SELECT FROM departed_account WHERE actor IN ($1, $2))
          AND NOT EXISTS (SELECT FROM block WHERE actor = $1 AND target = $2)
       ON CONFLICT (actor, follower) DO UPDATE
          SET follow_id = EXCLUDED.follow_id, inbox = EXCLUDED.inbox, shared_inbox = EXCLUDED.shared_inbox, audience_inbox = EXCLUDED.audience_inbox,
              since = CASE follow_request.follow_id WHEN EXCLUDED.follow_id THEN follow_request.since ELSE EXCLUDED.since END
       RETURNING follower`,
      [actor, follower.actor, followId, address.inbox, address.sharedInbox, address.audienceInbox, at],
    );
    if (row && before && before.follow_id !== followId) await this.graph.undone(actor, follower.actor, before.follow_id, at);
    return row || address.inbox === null ? NOTHING : this.#refuseBlocked(actor, follower.actor, followId, address.inbox, at);
  }

  /** The local actor's decision. A refusal is final for the Follow, also if that comes again. */
  async decided({ actor, at, follower, followId, accepted }: Of<'FollowerAnswered'>): Promise<Effect> {
    const [asked] = await this.graph.deleted<Asked>(
      'DELETE FROM follow_request WHERE actor = $1 AND follower = $2 AND follow_id = $3 AND since <= $4 RETURNING follow_id, inbox, shared_inbox, audience_inbox, since',
      [actor, follower, followId, at],
    );
    if (accepted) return asked ? this.#letIn(actor, follower, asked, at) : NOTHING;
    return this.#keepOut({ actor, follower, followId, at }, asked ?? null);
  }

  async undone({ actor, at, follower, followId }: Of<'FollowUndone'>): Promise<Effect> {
    if (followId !== null) await this.graph.undone(actor, follower, followId, at);
    // Without an id, the Follow that stood then is meant, and none that came later: the message may come again.
    for (const [table, time] of [['follower', 'follow_at'], ['follow_request', 'since']]) {
      await this.graph.query(`DELETE FROM ${table} WHERE actor = $1 AND follower = $2 AND (follow_id = $3 OR ($3::text IS NULL AND ${time} <= $4))`, [actor, follower, followId, at]);
    }
    return NOTHING;
  }

  async requested({ actor, at, target, followId }: Of<'FollowRequested'>): Promise<Effect> {
    if (this.graph.isLocal(target.actor)) return this.#settleHere(actor, target.actor, followId, at);
    const address = this.graph.addressOf(target);
    if (!address) return 'unusable';
    const [before] = await this.graph.query<{ follow_id: string }>('SELECT follow_id FROM following WHERE actor = $1 AND target = $2 AND since <= $3', [actor, target.actor, at]);
    const [row] = await this.graph.query(
      `INSERT INTO following (actor, target, follow_id, state, inbox, shared_inbox, audience_inbox, since)
       SELECT $1, $2, $3, 'requested', $4, $5, $6, $7
        WHERE NOT EXISTS (SELECT FROM departed_account WHERE actor = $1)
          AND NOT EXISTS (SELECT FROM block WHERE actor = $1 AND target = $2)
          AND NOT EXISTS (SELECT FROM blocked_by WHERE actor = $1 AND blocker = $2)
          AND NOT EXISTS (SELECT FROM follow_undone WHERE actor = $1 AND follower = $2 AND follow_id = $3)
       ON CONFLICT (actor, target) DO UPDATE
          SET follow_id = EXCLUDED.follow_id, state = 'requested', inbox = EXCLUDED.inbox, shared_inbox = EXCLUDED.shared_inbox,
              audience_inbox = EXCLUDED.audience_inbox, since = EXCLUDED.since
        WHERE following.follow_id <> EXCLUDED.follow_id
       RETURNING target`,
      [actor, target.actor, followId, address.inbox, address.sharedInbox, address.audienceInbox, at],
    );
    if (!row) return this.#dropBlocked(actor, target.actor, followId, at);
    // The newest Follow stands; the one before is as good as taken back.
    if (before) await this.graph.undone(actor, target.actor, before.follow_id, at);
    await this.graph.watch(target.actor);
    await this.graph.enqueue(actor, address.inbox, { kind: 'follow', target: target.actor, followId });
    return jobs(1);
  }

  async unfollowRequested({ actor, at, target }: Of<'UnfollowRequested'>): Promise<Effect> {
    const [row] = await this.graph.deleted<Answered>('DELETE FROM following WHERE actor = $1 AND target = $2 AND since <= $3 RETURNING follow_id, inbox', [actor, target, at]);
    if (this.graph.isLocal(target)) {
      for (const table of ['follower', 'follow_request']) await this.graph.query(`DELETE FROM ${table} WHERE actor = $1 AND follower = $2`, [target, actor]);
      return NOTHING;
    }
    if (!row?.inbox) return NOTHING;
    await this.graph.enqueue(actor, row.inbox, { kind: 'undo-follow', target, followId: row.follow_id });
    return jobs(1);
  }

  async answered({ actor, target, followId, accepted }: Of<'FollowAnswered'>): Promise<Effect> {
    await this.graph.query('UPDATE following SET state = $4 WHERE actor = $1 AND target = $2 AND ($3::text IS NULL OR follow_id = $3)', [
      actor,
      target,
      followId,
      accepted ? 'accepted' : 'rejected',
    ]);
    return NOTHING;
  }

  /** As `received`, for a Follow that waited. */
  async #letIn(actor: string, follower: string, asked: Asked, at: string): Promise<Effect> {
    const { follow_id: followId, inbox } = asked;
    if (inbox === null) return this.#settleHere(follower, actor, followId, at);
    await this.graph.query(
      `INSERT INTO follower (actor, follower, follow_id, inbox, shared_inbox, audience_inbox, since, follow_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (actor, follower) DO NOTHING`,
      [actor, follower, followId, inbox, asked.shared_inbox, asked.audience_inbox, at, asked.since],
    );
    await this.graph.enqueueAll([
      { actor, inbox, task: { kind: 'accept', follower, followId } },
      { actor, inbox, task: { kind: 'current-status', follower } },
    ]);
    return jobs(2);
  }

  async #keepOut({ actor, follower, followId, at }: { actor: string; follower: string; followId: string; at: string }, asked: Answered | null): Promise<Effect> {
    const [followed] = await this.graph.deleted<Answered>('DELETE FROM follower WHERE actor = $1 AND follower = $2 AND follow_id = $3 RETURNING follow_id, inbox', [actor, follower, followId]);
    if (this.graph.isLocal(follower)) {
      await this.graph.query(`UPDATE following SET state = 'rejected' WHERE actor = $1 AND target = $2 AND follow_id = $3`, [follower, actor, followId]);
      return NOTHING;
    }
    await this.graph.undone(actor, follower, followId, at);
    const inbox = (asked ?? followed)?.inbox ?? null;
    if (inbox === null) return NOTHING;
    await this.graph.enqueue(actor, inbox, { kind: 'reject', follower, followId });
    return jobs(1);
  }

  /** Who is blocked learns it by a Reject, and this Follow stays refused when the block ends. Anything else that was not let in stays unanswered. */
  async #refuseBlocked(actor: string, follower: string, followId: string, inbox: string, at: string): Promise<Effect> {
    if (!(await this.graph.blocks(actor, follower))) return NOTHING;
    await this.graph.undone(actor, follower, followId, at);
    await this.graph.enqueue(actor, inbox, { kind: 'reject', follower, followId });
    return jobs(1);
  }

  /** A wish from before the block, or beside it: it does not come up again when the block ends. */
  async #dropBlocked(actor: string, target: string, followId: string, at: string): Promise<Effect> {
    const blocked = await this.graph.query('SELECT FROM block WHERE actor = $1 AND target = $2 UNION ALL SELECT FROM blocked_by WHERE actor = $1 AND blocker = $2', [actor, target]);
    if (blocked.length > 0) await this.graph.undone(actor, target, followId, at);
    return NOTHING;
  }

  /** Both are people of this server: the follow is there at once, from both sides, and nothing is sent. */
  async #settleHere(follower: string, target: string, followId: string, at: string): Promise<Effect> {
    if (!(await this.#wish(follower, target, followId, 'accepted', at))) return NOTHING;
    await this.graph.query(
      `INSERT INTO follower (actor, follower, follow_id, since, follow_at) VALUES ($1, $2, $3, $4, $4)
       ON CONFLICT (actor, follower) DO UPDATE SET follow_id = EXCLUDED.follow_id`,
      [target, follower, followId, at],
    );
    return NOTHING;
  }

  /** The side of the one who follows, both being people of this server. False: one has left, or blocks the other. */
  async #wish(follower: string, target: string, followId: string, state: 'requested' | 'accepted', at: string): Promise<boolean> {
    const rows = await this.graph.query(
      `INSERT INTO following (actor, target, follow_id, state, since) SELECT $1, $2, $3, $4, $5
        WHERE NOT EXISTS (SELECT FROM departed_account WHERE actor IN ($1, $2))
          AND NOT EXISTS (SELECT FROM block WHERE (actor, target) IN (($1, $2), ($2, $1)))
       ON CONFLICT (actor, target) DO UPDATE SET follow_id = EXCLUDED.follow_id, state = EXCLUDED.state RETURNING target`,
      [follower, target, followId, state, at],
    );
    return rows.length > 0;
  }
}

interface Asked extends Answered {
  readonly shared_inbox: string | null;
  readonly audience_inbox: string | null;
  readonly since: Date;
}
