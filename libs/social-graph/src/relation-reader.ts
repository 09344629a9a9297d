import type { DataSource } from 'typeorm';
import { decodeCursor, type Page, type PageRequest, toPage } from './page.ts';

/** Who asked to follow a local actor. */
export interface FollowRequestItem {
  readonly follower: string;
  readonly since: Date;
}

/** Whom a local actor blocks. */
export interface BlockItem {
  readonly target: string;
  readonly since: Date;
}

/** Which of two actors blocks the other. */
export interface Blocked {
  readonly blocks: boolean;
  readonly isBlocked: boolean;
}

/** Reads what local actors decide about others: who may follow, and who is blocked. */
export class RelationReader {
  protected readonly dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.dataSource = dataSource;
  }

  /** Who asked to follow the local actor and has no answer yet. */
  async followRequests(actor: string, { limit, cursor }: PageRequest): Promise<Page<FollowRequestItem>> {
    const after = decodeCursor(cursor);
    const rows = await this.dataSource.query<FollowRequestItem[]>(
      `SELECT follower, since FROM follow_request
        WHERE actor = $1 AND ($2::timestamptz IS NULL OR (since, follower) < ($2, $3))
        ORDER BY since DESC, follower DESC LIMIT $4`,
      [actor, after?.since ?? null, after?.iri ?? null, limit + 1],
    );
    return toPage(rows, limit, ({ since, follower }) => ({ since, iri: follower }));
  }

  /** The id of the Follow by which `follower` follows the local actor, or asked to; null: neither. */
  async followOf(actor: string, follower: string): Promise<{ readonly followId: string; readonly state: 'requested' | 'accepted' } | null> {
    const [row] = await this.dataSource.query<{ followId: string; state: 'requested' | 'accepted' }[]>(
      `SELECT follow_id AS "followId", 'requested' AS state FROM follow_request WHERE actor = $1 AND follower = $2
       UNION ALL SELECT follow_id, 'accepted' FROM follower WHERE actor = $1 AND follower = $2 LIMIT 1`,
      [actor, follower],
    );
    return row ?? null;
  }

  /** Who follows the local actor by the Follow of that id, or asked to; null: nobody. */
  async followerBy(actor: string, followId: string): Promise<string | null> {
    const [row] = await this.dataSource.query<{ follower: string }[]>(
      `SELECT follower FROM follow_request WHERE actor = $1 AND follow_id = $2
       UNION ALL SELECT follower FROM follower WHERE actor = $1 AND follow_id = $2 LIMIT 1`,
      [actor, followId],
    );
    return row?.follower ?? null;
  }

  /** Whom the local actor blocks. */
  async blocked(actor: string, { limit, cursor }: PageRequest): Promise<Page<BlockItem>> {
    const after = decodeCursor(cursor);
    const rows = await this.dataSource.query<BlockItem[]>(
      `SELECT target, since FROM block
        WHERE actor = $1 AND ($2::timestamptz IS NULL OR (since, target) < ($2, $3))
        ORDER BY since DESC, target DESC LIMIT $4`,
      [actor, after?.since ?? null, after?.iri ?? null, limit + 1],
    );
    return toPage(rows, limit, ({ since, target }) => ({ since, iri: target }));
  }

  /** The id of the local actor's Block of `target`; null: it does not block it. */
  async blockOf(actor: string, target: string): Promise<string | null> {
    const [row] = await this.dataSource.query<{ blockId: string }[]>('SELECT block_id AS "blockId" FROM block WHERE actor = $1 AND target = $2', [actor, target]);
    return row?.blockId ?? null;
  }

  /** Whom the local actor's Block of that id is about; null: there is none (any more). */
  async targetOfBlock(actor: string, blockId: string): Promise<string | null> {
    const [row] = await this.dataSource.query<{ target: string }[]>('SELECT target FROM block WHERE actor = $1 AND block_id = $2 LIMIT 1', [actor, blockId]);
    return row?.target ?? null;
  }

  /** Whom `blocker` blocks by the Block of that id; null: nobody here. */
  async blockedBy(blocker: string, blockId: string): Promise<string | null> {
    const [row] = await this.dataSource.query<{ actor: string }[]>('SELECT actor FROM blocked_by WHERE blocker = $1 AND block_id = $2 LIMIT 1', [blocker, blockId]);
    return row?.actor ?? null;
  }

  /** Whether the local actor and another block each other. */
  async blockBetween(actor: string, other: string): Promise<Blocked> {
    const [row] = await this.dataSource.query<[Blocked]>(
      `SELECT EXISTS (SELECT FROM block WHERE actor = $1 AND target = $2) AS blocks,
              EXISTS (SELECT FROM blocked_by WHERE actor = $1 AND blocker = $2) AS "isBlocked"`,
      [actor, other],
    );
    return row;
  }
}
