import type { GraphMessage } from '@heliograph/contracts';
import { type Effect, type GraphWriter, jobs, NOTHING } from './graph-writer.ts';

type Of<Type extends GraphMessage['type']> = Extract<GraphMessage, { type: Type }>['data'];

/** Who blocks whom. A block ends every relation between two actors, and keeps new ones from being made (ADR 0015). */
export class BlockRules {
  constructor(private readonly graph: GraphWriter) {}

  async requested({ actor, at, target, blockId }: Of<'BlockRequested'>): Promise<Effect> {
    const here = this.graph.isLocal(target.actor);
    const address = here ? null : this.graph.addressOf(target);
    if (!here && !address) return 'unusable';
    const [row] = await this.graph.query(
      `INSERT INTO block (actor, target, block_id, inbox, since)
       SELECT $1, $2, $3, $4, $5
        WHERE NOT EXISTS (SELECT FROM departed_account WHERE actor = $1)
          AND NOT EXISTS (SELECT FROM follow_undone WHERE actor = $1 AND follower = $2 AND follow_id = $3)
       ON CONFLICT (actor, target) DO NOTHING RETURNING target`,
      [actor, target.actor, blockId, address?.inbox ?? null, at],
    );
    if (!row) return this.#superfluous(actor, target.actor, blockId, at);
    if (here) await this.graph.query('INSERT INTO blocked_by (actor, blocker, block_id, since) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [target.actor, actor, blockId, at]);
    return address ? this.#partElsewhere(actor, target.actor, blockId, address.inbox, at) : this.#partHere(actor, target.actor);
  }

  /** Final for that Block: one that comes again later ends nothing that was made since. */
  async unblockRequested({ actor, at, target }: Of<'UnblockRequested'>): Promise<Effect> {
    const [row] = await this.graph.deleted<{ block_id: string; inbox: string | null }>('DELETE FROM block WHERE actor = $1 AND target = $2 AND since <= $3 RETURNING block_id, inbox', [actor, target, at]);
    if (!row) return NOTHING;
    await this.graph.undone(actor, target, row.block_id, at);
    if (row.inbox === null) {
      await this.graph.query('DELETE FROM blocked_by WHERE actor = $1 AND blocker = $2', [target, actor]);
      return NOTHING;
    }
    await this.graph.enqueue(actor, row.inbox, { kind: 'undo-block', target, blockId: row.block_id });
    return jobs(1);
  }

  /** Its server has ended its side of the relations; nothing is sent. The same Block again ends nothing that was made since. */
  async received({ actor, at, blocker, blockId }: Of<'BlockReceived'>): Promise<Effect> {
    const [before] = await this.graph.query<{ block_id: string | null }>('SELECT block_id FROM blocked_by WHERE actor = $1 AND blocker = $2', [actor, blocker]);
    const [row] = await this.graph.query(
      `INSERT INTO blocked_by (actor, blocker, block_id, since)
       SELECT $1, $2, $3, $4
        WHERE NOT EXISTS (SELECT FROM departed_account WHERE actor = $1)
          AND NOT EXISTS (SELECT FROM follow_undone WHERE actor = $1 AND follower = $2 AND follow_id = $3)
       ON CONFLICT (actor, blocker) DO UPDATE SET block_id = EXCLUDED.block_id
        WHERE blocked_by.block_id IS DISTINCT FROM EXCLUDED.block_id RETURNING blocker`,
      [actor, blocker, blockId, at],
    );
    if (!row) return NOTHING;
    // The newest Block stands; the one before is as good as taken back.
    if (before && before.block_id !== null) await this.graph.undone(actor, blocker, before.block_id, at);
    await this.#endFollowing(actor, blocker, at);
    await this.#endFollows(actor, blocker, at);
    return NOTHING;
  }

  async undone({ actor, at, blocker, blockId }: Of<'BlockUndone'>): Promise<Effect> {
    if (blockId !== null) await this.graph.undone(actor, blocker, blockId, at);
    const [row] = await this.graph.deleted<{ block_id: string | null }>(
      // Without an id, the Block that stood then is meant, and none that came later: the message may come again.
      'DELETE FROM blocked_by WHERE actor = $1 AND blocker = $2 AND (($3::text IS NULL AND since <= $4) OR block_id IS NULL OR block_id = $3) RETURNING block_id',
      [actor, blocker, blockId, at],
    );
    if (row && row.block_id !== null && blockId === null) await this.graph.undone(actor, blocker, row.block_id, at);
    return NOTHING;
  }

  /** Another Block stands already: this one has no effect, and never will have when it comes again. */
  async #superfluous(actor: string, target: string, blockId: string, at: string): Promise<Effect> {
    const other = await this.graph.query('SELECT FROM block WHERE actor = $1 AND target = $2 AND block_id <> $3', [actor, target, blockId]);
    if (other.length > 0) await this.graph.undone(actor, target, blockId, at);
    return NOTHING;
  }

  /** As Mastodon does it: the follows of both sides end by name, then the Block says why. */
  async #partElsewhere(actor: string, target: string, blockId: string, inbox: string, at: string): Promise<Effect> {
    const followIds = await this.#endFollows(actor, target, at);
    const following = await this.#endFollowing(actor, target, at);
    const tasks = [
      ...followIds.map((followId) => ({ kind: 'reject', follower: target, followId }) as const),
      ...following.map((followId) => ({ kind: 'undo-follow', target, followId }) as const),
      { kind: 'block', target, blockId } as const,
    ];
    await this.graph.enqueueAll(tasks.map((task) => ({ actor, inbox, task })));
    return jobs(tasks.length);
  }

  async #partHere(actor: string, target: string): Promise<Effect> {
    await this.graph.query('DELETE FROM following WHERE (actor, target) IN (($1, $2), ($2, $1))', [actor, target]);
    for (const table of ['follower', 'follow_request']) await this.graph.query(`DELETE FROM ${table} WHERE (actor, follower) IN (($1, $2), ($2, $1))`, [actor, target]);
    return NOTHING;
  }

  /** Ends what `other` follows, or asked to; for good, should one of these Follows come again. @returns their ids */
  async #endFollows(actor: string, other: string, at: string): Promise<readonly string[]> {
    const followed = await this.#end('DELETE FROM follower WHERE actor = $1 AND follower = $2 RETURNING follow_id', actor, other, at);
    return [...followed, ...(await this.#end('DELETE FROM follow_request WHERE actor = $1 AND follower = $2 RETURNING follow_id', actor, other, at))];
  }

  /** The same for what the local actor follows. */
  #endFollowing(actor: string, other: string, at: string): Promise<readonly string[]> {
    return this.#end('DELETE FROM following WHERE actor = $1 AND target = $2 RETURNING follow_id', actor, other, at);
  }

  async #end(sql: string, actor: string, other: string, at: string): Promise<readonly string[]> {
    const rows = await this.graph.deleted<{ follow_id: string }>(sql, [actor, other]);
    for (const { follow_id } of rows) await this.graph.undone(actor, other, follow_id, at);
    return rows.map(({ follow_id }) => follow_id);
  }
}
