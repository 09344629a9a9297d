import type { GraphMessage } from '@heliograph/contracts';
import { createHash } from 'node:crypto';
import { jobName } from '../delivery-job.ts';
import { type Effect, type GraphWriter, jobs, NOTHING } from './graph-writer.ts';
import type { BlockRules } from './block-rules.ts';

type Of<Type extends GraphMessage['type']> = Extract<GraphMessage, { type: Type }>['data'];

/** Relations that one statement carries over, so that statements stay short also for who is followed by very many. */
const AT_ONCE = 1000;
/** Somebody who is looked at often is asked no more often than this. */
const SOUGHT_AT_MOST_EVERY = '1 hour';

/** What happens to a whole actor. */
export class ActorRules {
  constructor(
    private readonly graph: GraphWriter,
    private readonly blocks: BlockRules,
  ) {}

  async sought({ actor }: Of<'RemoteActorSought'>): Promise<Effect> {
    if (!this.graph.isLocal(actor)) await this.graph.seek(actor, SOUGHT_AT_MOST_EVERY);
    return NOTHING;
  }

  /** Who followed or blocked the old one here follows or blocks the new one; the caller has checked that both say so. */
  async moved({ actor: old, at, target }: Of<'RemoteActorMoved'>): Promise<Effect> {
    const address = this.graph.addressOf(target);
    if (!address || this.graph.isLocal(target.actor) || old === target.actor) return 'unusable';
    let count = 0;
    for (const { actor } of await this.graph.query<{ actor: string }>('SELECT actor FROM block WHERE target = $1', [old])) {
      const effect = await this.blocks.requested({ actor, at, target, blockId: `${actor}#blocks/${moveId(actor, old, target.actor, at)}` });
      if (effect !== 'unusable') count += effect.jobs;
    }
    for (;;) {
      const moved = await this.graph.deleted<{ actor: string; follow_id: string; inbox: string | null }>(
        `DELETE FROM following f USING (SELECT actor FROM following WHERE target = $1 AND state <> 'rejected' ORDER BY actor LIMIT ${AT_ONCE}) next
          WHERE f.actor = next.actor AND f.target = $1 RETURNING f.actor, f.follow_id, f.inbox`,
        [old],
      );
      if (moved.length === 0) return jobs(count);
      const follows = moved.map(({ actor }) => ({ actor, followId: `${actor}/follows/${moveId(actor, old, target.actor, at)}` }));
      const added = await this.graph.query<{ actor: string; follow_id: string }>(
        `INSERT INTO following (actor, target, follow_id, state, inbox, shared_inbox, audience_inbox, since)
         SELECT f.actor, $3, f.follow_id, 'requested', $4, $5, $6, $7 FROM unnest($1::text[], $2::text[]) AS f (actor, follow_id)
          WHERE NOT EXISTS (SELECT FROM block b WHERE b.actor = f.actor AND b.target = $3)
            AND NOT EXISTS (SELECT FROM blocked_by b WHERE b.actor = f.actor AND b.blocker = $3)
         ON CONFLICT (actor, target) DO NOTHING RETURNING actor, follow_id`,
        [follows.map(({ actor }) => actor), follows.map(({ followId }) => followId), target.actor, address.inbox, address.sharedInbox, address.audienceInbox, at],
      );
      if (added.length > 0) await this.graph.watch(target.actor);
      const tasks = [
        ...added.map(({ actor, follow_id }) => ({ actor, inbox: address.inbox, task: { kind: 'follow', target: target.actor, followId: follow_id } as const })),
        ...moved.flatMap(({ actor, follow_id, inbox }) => (inbox === null ? [] : [{ actor, inbox, task: { kind: 'undo-follow', target: old, followId: follow_id } as const }])),
      ];
      await this.graph.enqueueAll(tasks);
      count += tasks.length;
    }
  }

  async gone(remoteActor: string): Promise<Effect> {
    for (const [table, column] of [['follower', 'follower'], ['follow_request', 'follower'], ['follow_undone', 'follower'], ['following', 'target'], ['block', 'target'], ['blocked_by', 'blocker'], ['actor_refresh', 'actor']]) {
      await this.graph.query(`DELETE FROM ${table} WHERE ${column} = $1`, [remoteActor]);
    }
    return NOTHING;
  }

  async accountDeleted({ actor, at }: Of<'AccountDeleted'>): Promise<Effect> {
    await this.graph.query('INSERT INTO departed_account (actor, at) VALUES ($1, $2) ON CONFLICT DO NOTHING', [actor, at]);
    const told = await this.graph.query(
      `INSERT INTO delivery_job (actor, event_id, kind, payload, inbox)
       SELECT $1, $2, $2, '{}', inbox FROM (
         SELECT audience_inbox FROM follower WHERE actor = $1 UNION SELECT audience_inbox FROM following WHERE actor = $1
       ) AS audience (inbox) WHERE inbox IS NOT NULL
       ON CONFLICT (actor, inbox, event_id) DO NOTHING RETURNING id`,
      [actor, jobName({ kind: 'account-deleted' })],
    );
    // Its relations to people of this server are in the tables from both sides.
    for (const [table, other] of [['follower', 'follower'], ['follow_request', 'follower'], ['following', 'target'], ['block', 'target'], ['blocked_by', 'blocker']]) {
      await this.graph.query(`DELETE FROM ${table} WHERE actor = $1 OR ${other} = $1`, [actor]);
    }
    await this.graph.query('DELETE FROM follow_undone WHERE actor = $1', [actor]);
    return jobs(told.length);
  }
}

/** The same for the same move, so that a message that comes again changes nothing; another one should it move here and there again. */
const moveId = (...parts: readonly string[]): string => `m${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}`;
