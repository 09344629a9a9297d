import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What readers see, derived from the log, and how far the projection has read each partition of the bus. */
export class CreateStatusProjection1763900400001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`CREATE TYPE status_cleared_as AS ENUM ('deleted', 'removed', 'absent')`);
    // Rows change all the time: room for the next version of a row on its own page, and one index only on columns that rarely change.
    await runner.query(`
      CREATE TABLE current_status (
        actor text COLLATE "C" PRIMARY KEY,
        version bigint NOT NULL DEFAULT 0,
        event_id uuid,
        shown_at timestamptz,
        received_at timestamptz,
        end_time timestamptz,
        sweep_at timestamptz,
        origin status_origin,
        cleared_as status_cleared_as,
        keep boolean,
        actor_deleted boolean NOT NULL DEFAULT false,
        status_id text COLLATE "C",
        published_raw text COLLATE "C",
        published_key text COLLATE "C",
        absent_cutoff text COLLATE "C",
        erased_as_of text COLLATE "C",
        content jsonb
      ) WITH (fillfactor = 70)`);
    await runner.query(`CREATE INDEX current_status_to_sweep ON current_status (sweep_at) WHERE sweep_at IS NOT NULL`);
    await runner.query(`
      CREATE TABLE status_history (
        actor text COLLATE "C" NOT NULL,
        published_key text COLLATE "C" NOT NULL,
        status_id text COLLATE "C" NOT NULL,
        published_raw text COLLATE "C" NOT NULL,
        event_id uuid NOT NULL,
        received_at timestamptz NOT NULL,
        end_time timestamptz,
        origin status_origin NOT NULL,
        content jsonb NOT NULL,
        PRIMARY KEY (actor, published_key, status_id, published_raw)
      )`);
    // What a Delete takes out.
    await runner.query(`CREATE INDEX status_history_by_status ON status_history (actor, status_id, published_key)`);
    // Nearly always empty: what one transaction can erase never comes here.
    await runner.query(`
      CREATE TABLE erasure_due (
        actor text COLLATE "C" NOT NULL,
        event_id uuid NOT NULL,
        status_id text COLLATE "C",
        reached text COLLATE "C" NOT NULL DEFAULT '',
        PRIMARY KEY (actor, event_id)
      )`);
    await runner.query(`
      CREATE TABLE projection_offset (
        topic text NOT NULL,
        partition integer NOT NULL,
        consumer_group text NOT NULL,
        next_offset bigint NOT NULL,
        PRIMARY KEY (topic, partition, consumer_group)
      )`);
  }

  down(): Promise<void> {
    throw new Error('forward only');
  }
}
