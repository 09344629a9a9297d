import type { GraphMessage } from '@heliograph/contracts';
import type { DataSource } from 'typeorm';
import { applyGraph, type ApplyResult } from './apply-graph.ts';
import type { FollowState } from './entities.ts';
import { decodeCursor, type Page, type PageRequest, toPage } from './page.ts';
import { RelationReader } from './relation-reader.ts';

export interface FollowerItem {
  readonly follower: string;
  readonly since: Date;
}

export interface FollowingItem {
  readonly target: string;
  readonly state: FollowState;
  /** When it was asked for. */
  readonly since: Date;
}

/** Where a batch of messages ends. */
export interface GraphPosition {
  readonly topic: string;
  readonly partition: number;
  readonly group: string;
  readonly nextOffset: bigint;
}

/** Who follows whom, as far as people of this server take part. The delivery service writes it, others read. */
export class SocialGraph extends RelationReader {
  readonly #publicUrl: string;

  /** `publicUrl`: this server's origin, without a trailing slash. */
  constructor(dataSource: DataSource, options: { readonly publicUrl: string }) {
    super(dataSource);
    this.#publicUrl = options.publicUrl;
  }

  /**
   * Applies messages of one partition in order, with the jobs that follow from them and the offset, in one transaction. Applying them
   * again, from any earlier offset on, ends in the same graph (as long as answers name the Follow they answer); what is sent again goes
   * out under the same activity ids.
   * @param traces of the messages (W3C Trace Context), for those that have one: their jobs belong to it
   * @throws when the database does not answer; never for what a message says.
   */
  applyGraph(messages: readonly GraphMessage[], position: GraphPosition, traces: readonly (string | null)[] = []): Promise<ApplyResult> {
    return this.dataSource.transaction(async (manager) => {
      const result = await applyGraph(manager, this.#publicUrl, messages, traces);
      await manager.query(
        `INSERT INTO graph_offset (topic, partition, consumer_group, next_offset) VALUES ($1, $2, $3, $4)
         ON CONFLICT (topic, partition, consumer_group) DO UPDATE SET next_offset = EXCLUDED.next_offset`,
        [position.topic, position.partition, position.group, position.nextOffset.toString()],
      );
      return result;
    });
  }

  /** Says how far a topic is worked off whose effects are in the database already. */
  async saveOffset({ topic, partition, group, nextOffset }: GraphPosition): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO graph_offset (topic, partition, consumer_group, next_offset) VALUES ($1, $2, $3, $4)
       ON CONFLICT (topic, partition, consumer_group) DO UPDATE SET next_offset = EXCLUDED.next_offset`,
      [topic, partition, group, nextOffset.toString()],
    );
  }

  /** Where `applyGraph` and `saveOffset` got to; null: nowhere yet. */
  async loadOffset(topic: string, partition: number, group: string): Promise<bigint | null> {
    const [row] = await this.dataSource.query<{ next_offset: string }[]>(
      'SELECT next_offset FROM graph_offset WHERE topic = $1 AND partition = $2 AND consumer_group = $3',
      [topic, partition, group],
    );
    return row ? BigInt(row.next_offset) : null;
  }

  /** Who follows the local actor. */
  async followers(actor: string, { limit, cursor }: PageRequest): Promise<Page<FollowerItem>> {
    const after = decodeCursor(cursor);
    const rows = await this.dataSource.query<FollowerItem[]>(
      `SELECT follower, since FROM follower
        WHERE actor = $1 AND ($2::timestamptz IS NULL OR (since, follower) < ($2, $3))
        ORDER BY since DESC, follower DESC LIMIT $4`,
      [actor, after?.since ?? null, after?.iri ?? null, limit + 1],
    );
    return toPage(rows, limit, ({ since, follower }) => ({ since, iri: follower }));
  }

  /** Whom the local actor follows; `states` defaults to accepted follows only, as strangers may see them. */
  async following(actor: string, request: PageRequest & { readonly states?: readonly FollowState[] }): Promise<Page<FollowingItem>> {
    const { limit, cursor, states = ['accepted'] } = request;
    const after = decodeCursor(cursor);
    const rows = await this.dataSource.query<FollowingItem[]>(
      `SELECT target, state, since FROM following
        WHERE actor = $1 AND state = ANY($5) AND ($2::timestamptz IS NULL OR (since, target) < ($2, $3))
        ORDER BY since DESC, target DESC LIMIT $4`,
      [actor, after?.since ?? null, after?.iri ?? null, limit + 1, states],
    );
    return toPage(rows, limit, ({ since, target }) => ({ since, iri: target }));
  }

  countFollowers(actor: string): Promise<number> {
    return this.#count('follower WHERE actor = $1', actor);
  }

  /** Accepted ones. */
  countFollowing(actor: string): Promise<number> {
    return this.#count(`following WHERE actor = $1 AND state = 'accepted'`, actor);
  }

  /** How far the local actor's wish to follow `target` got, and the id of its Follow; null: there is none. */
  async followingState(actor: string, target: string): Promise<{ readonly state: FollowState; readonly followId: string } | null> {
    const [row] = await this.dataSource.query<{ state: FollowState; followId: string }[]>(
      'SELECT state, follow_id AS "followId" FROM following WHERE actor = $1 AND target = $2',
      [actor, target],
    );
    return row ?? null;
  }

  /** Whom the local actor's Follow of that id is about; null: there is none (any more). */
  async targetOf(actor: string, followId: string): Promise<string | null> {
    const [row] = await this.dataSource.query<{ target: string }[]>('SELECT target FROM following WHERE actor = $1 AND follow_id = $2 LIMIT 1', [
      actor,
      followId,
    ]);
    return row?.target ?? null;
  }

  /** Whom the local actor follows (accepted), the newest first, at most `limit`. */
  async followedActors(actor: string, limit: number): Promise<readonly string[]> {
    const rows = await this.dataSource.query<{ target: string }[]>(
      `SELECT target FROM following WHERE actor = $1 AND state = 'accepted' ORDER BY since DESC, target DESC LIMIT $2`,
      [actor, limit],
    );
    return rows.map(({ target }) => target);
  }

  /** Which of `targets` the local actor follows (accepted). */
  async followedAmong(actor: string, targets: readonly string[]): Promise<ReadonlySet<string>> {
    if (targets.length === 0) return new Set();
    const rows = await this.dataSource.query<{ target: string }[]>(
      `SELECT target FROM following WHERE actor = $1 AND state = 'accepted' AND target = ANY($2)`,
      [actor, targets],
    );
    return new Set(rows.map(({ target }) => target));
  }

  /** Whether anybody here follows the remote actor, or asked to; whether it follows anybody here; whether anybody here blocks it. */
  async relationsOf(remoteActor: string): Promise<{ readonly followed: boolean; readonly follows: boolean; readonly blocked: boolean }> {
    const [row] = await this.dataSource.query<[{ followed: boolean; follows: boolean; blocked: boolean }]>(
      `SELECT EXISTS (SELECT FROM following WHERE target = $1 AND state <> 'rejected') AS followed,
              EXISTS (SELECT FROM follower WHERE follower = $1) AS follows,
              EXISTS (SELECT FROM block WHERE target = $1) AS blocked`,
      [remoteActor],
    );
    return row;
  }

  /** Whom `follower` follows by the Follow of that id; null: nobody here. */
  async followedBy(follower: string, followId: string): Promise<string | null> {
    const [row] = await this.dataSource.query<{ actor: string }[]>('SELECT actor FROM follower WHERE follower = $1 AND follow_id = $2 LIMIT 1', [
      follower,
      followId,
    ]);
    return row?.actor ?? null;
  }

  /** Whether `follower` follows the local actor; with `followId`, whether by that Follow. */
  async isFollower(actor: string, follower: string, followId: string | null = null): Promise<boolean> {
    const [row] = await this.dataSource.query<unknown[]>(
      'SELECT FROM follower WHERE actor = $1 AND follower = $2 AND ($3::text IS NULL OR follow_id = $3)',
      [actor, follower, followId],
    );
    return row !== undefined;
  }

  /** Whether a message for all followers of the local actor still goes to `inbox`. */
  async isAudience(actor: string, inbox: string): Promise<boolean> {
    const [row] = await this.dataSource.query<unknown[]>('SELECT FROM follower WHERE actor = $1 AND audience_inbox = $2 LIMIT 1', [actor, inbox]);
    return row !== undefined;
  }

  /**
   * `inbox` is gone for good (410), as far as the local actor is concerned: its followers who had no other way to be reached are none any
   * more. Those behind a shared inbox stay, since a follow that was dropped by one host's mistake cannot be restored from here.
   * @returns how many follows ended
   */
  async dropMailbox(actor: string, inbox: string): Promise<number> {
    const [, ended] = await this.dataSource.query<[unknown, number]>(
      'DELETE FROM follower WHERE actor = $1 AND audience_inbox = $2 AND inbox = $2',
      [actor, inbox],
    );
    return ended;
  }

  async #count(what: string, actor: string): Promise<number> {
    const [row] = await this.dataSource.query<[{ n: number }]>(`SELECT count(*)::int AS n FROM ${what}`, [actor]);
    return row.n;
  }
}
