import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddApprovalBlocksAndRefreshes1763900500010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`
      CREATE TABLE follow_request (
        actor text NOT NULL,
        follower text NOT NULL,
        follow_id text NOT NULL,
        inbox text,
        shared_inbox text,
        audience_inbox text,
        since timestamptz(3) NOT NULL,
        PRIMARY KEY (actor, follower)
      )`);
    await runner.query(`CREATE INDEX follow_request_newest ON follow_request (actor, since DESC, follower DESC)`);
    await runner.query(`CREATE INDEX follow_request_reverse ON follow_request (follower)`);
    await runner.query(`
      CREATE TABLE block (
        actor text NOT NULL,
        target text NOT NULL,
        block_id text NOT NULL,
        inbox text,
        since timestamptz(3) NOT NULL,
        PRIMARY KEY (actor, target)
      )`);
    await runner.query(`CREATE INDEX block_newest ON block (actor, since DESC, target DESC)`);
    await runner.query(`CREATE INDEX block_reverse ON block (target)`);
    await runner.query(`
      CREATE TABLE blocked_by (
        actor text NOT NULL,
        blocker text NOT NULL,
        block_id text,
        since timestamptz(3) NOT NULL,
        PRIMARY KEY (actor, blocker)
      )`);
    await runner.query(`CREATE INDEX blocked_by_reverse ON blocked_by (blocker)`);
    await runner.query(`
      CREATE TABLE actor_refresh (
        actor text PRIMARY KEY,
        host text NOT NULL GENERATED ALWAYS AS (substring(actor FROM '^https?://([^/?#]+)')) STORED,
        due_at timestamptz NOT NULL,
        idle boolean NOT NULL DEFAULT false,
        urgent boolean NOT NULL DEFAULT false,
        tried_at timestamptz,
        attempts int NOT NULL DEFAULT 0,
        history_read boolean NOT NULL DEFAULT false,
        etag text,
        etag_without_status boolean,
        gone_since timestamptz,
        lease_until timestamptz,
        lease_by text,
        last_error text
      )`);
    await runner.query(`CREATE INDEX actor_refresh_due ON actor_refresh (urgent DESC, due_at) WHERE NOT idle`);
    await runner.query(`CREATE INDEX actor_refresh_host ON actor_refresh (host, urgent DESC, due_at) WHERE NOT idle`);
    await runner.query(`CREATE INDEX actor_refresh_leased ON actor_refresh (lease_until) WHERE lease_until IS NOT NULL`);
    await runner.query(`CREATE INDEX actor_refresh_idle ON actor_refresh (tried_at) WHERE idle`);
    // Whoever is followed already is refreshed too: within half a day, not all at once.
    await runner.query(`
      INSERT INTO actor_refresh (actor, due_at)
      SELECT target, now() + random() * interval '12 hours' FROM following WHERE inbox IS NOT NULL AND state <> 'rejected' GROUP BY target`);
  }

  async down(): Promise<void> {
    throw new Error('forward only');
  }
}
