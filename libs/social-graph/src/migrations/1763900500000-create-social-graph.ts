import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSocialGraph1763900500000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`
      CREATE TABLE follower (
        actor text NOT NULL,
        follower text NOT NULL,
        follow_id text NOT NULL,
        follow_at timestamptz(3) NOT NULL,
        inbox text,
        shared_inbox text,
        audience_inbox text,
        since timestamptz(3) NOT NULL,
        PRIMARY KEY (actor, follower)
      )`);
    await runner.query(`CREATE INDEX follower_newest ON follower (actor, since DESC, follower DESC)`);
    await runner.query(`CREATE INDEX follower_audience ON follower (actor, audience_inbox) WHERE audience_inbox IS NOT NULL`);
    await runner.query(`CREATE INDEX follower_reverse ON follower (follower, follow_id)`);
    await runner.query(`
      CREATE TABLE follow_undone (
        actor text NOT NULL,
        follower text NOT NULL,
        follow_id text NOT NULL,
        at timestamptz(3) NOT NULL,
        PRIMARY KEY (actor, follower, follow_id)
      )`);
    await runner.query(`CREATE INDEX follow_undone_reverse ON follow_undone (follower)`);
    await runner.query(`
      CREATE TABLE following (
        actor text NOT NULL,
        target text NOT NULL,
        follow_id text NOT NULL,
        state text NOT NULL CHECK (state IN ('requested', 'accepted', 'rejected')),
        inbox text,
        shared_inbox text,
        audience_inbox text,
        since timestamptz(3) NOT NULL,
        PRIMARY KEY (actor, target)
      )`);
    await runner.query(`CREATE INDEX following_newest ON following (actor, since DESC, target DESC)`);
    await runner.query(`CREATE INDEX following_reverse ON following (target)`);
    await runner.query(`
      CREATE TABLE departed_account (
        actor text PRIMARY KEY,
        at timestamptz(3) NOT NULL,
        key_forgotten boolean NOT NULL DEFAULT false
      )`);
    await runner.query(`CREATE INDEX departed_account_with_key ON departed_account (actor) WHERE NOT key_forgotten`);
    await runner.query(`
      CREATE TABLE delivery_job (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        actor text NOT NULL,
        event_id text NOT NULL,
        kind text NOT NULL,
        payload jsonb NOT NULL,
        inbox text NOT NULL,
        host text NOT NULL GENERATED ALWAYS AS (substring(inbox FROM '^https?://([^/?#]+)')) STORED,
        due_at timestamptz NOT NULL DEFAULT now(),
        attempts int NOT NULL DEFAULT 0,
        first_attempt_at timestamptz,
        lease_until timestamptz,
        lease_by text,
        state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'dead')),
        last_error text,
        UNIQUE (actor, inbox, event_id)
      )`);
    await runner.query(`CREATE INDEX delivery_job_host ON delivery_job (host, due_at, id) WHERE state = 'pending'`);
    await runner.query(`CREATE INDEX delivery_job_due ON delivery_job (due_at, id) WHERE state = 'pending'`);
    await runner.query(`CREATE INDEX delivery_job_dead ON delivery_job (due_at) WHERE state = 'dead'`);
    await runner.query(`CREATE INDEX delivery_job_leased ON delivery_job (lease_until) WHERE lease_until IS NOT NULL`);
    await runner.query(`
      CREATE TABLE graph_offset (
        topic text NOT NULL,
        partition int NOT NULL,
        consumer_group text NOT NULL,
        next_offset bigint NOT NULL,
        PRIMARY KEY (topic, partition, consumer_group)
      )`);
  }

  async down(): Promise<void> {
    throw new Error('forward only');
  }
}
