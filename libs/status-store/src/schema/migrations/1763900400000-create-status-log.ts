import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The append-only log of everything that happened to statuses.
 *
 * - Collation "C": ids order by code point (the rule for ties) and compare fast.
 * - `content` holds every word that may have to go; nothing else is ever changed.
 * - Nothing reads the log by `position` across actors: concurrent transactions commit out of order.
 * - Room is left on the pages (fillfactor), since most texts of actors without a history are erased soon after.
 */
export class CreateStatusLog1763900400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`CREATE TYPE status_event_kind AS ENUM
      ('StatusPublished', 'StatusRemoved', 'StatusDeleted', 'StatusSeenAbsent', 'HistoryErased', 'ActorDeleted')`);
    await runner.query(`CREATE TYPE status_origin AS ENUM ('local', 'remote')`);
    await runner.query(`
      CREATE TABLE status_event (
        actor text COLLATE "C" NOT NULL,
        event_id uuid NOT NULL,
        position bigint GENERATED ALWAYS AS IDENTITY,
        received_at timestamptz NOT NULL,
        end_time timestamptz,
        kind status_event_kind NOT NULL,
        origin status_origin NOT NULL,
        keep boolean,
        status_id text COLLATE "C",
        published_raw text COLLATE "C",
        published_key text COLLATE "C",
        cutoff text COLLATE "C",
        content jsonb,
        PRIMARY KEY (actor, event_id)
      ) WITH (fillfactor = 85)`);
    // The latest version of an id, and the versions of an id in order, without a look at the others.
    await runner.query(`CREATE INDEX status_event_by_status ON status_event (actor, status_id, kind, published_key)`);
    // The outbox and the count of NodeInfo; free of charge for what strangers send.
    await runner.query(`CREATE INDEX status_event_local ON status_event (actor, position) INCLUDE (kind) WHERE origin = 'local'`);
    await runner.query(`
      CREATE FUNCTION status_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'status_event is append-only: % refused, only content may become NULL', TG_OP
          USING ERRCODE = 'restrict_violation';
      END $$`);
    const refuse = 'EXECUTE FUNCTION status_event_is_append_only()';
    await runner.query(`CREATE TRIGGER status_event_no_delete BEFORE DELETE ON status_event FOR EACH ROW ${refuse}`);
    await runner.query(`CREATE TRIGGER status_event_no_truncate BEFORE TRUNCATE ON status_event FOR EACH STATEMENT ${refuse}`);
    // Two triggers that never call anything for what is allowed. Whoever adds a column adds it here, in a trigger made anew: a test asks for every column.
    await runner.query(`CREATE TRIGGER status_event_no_rewrite BEFORE UPDATE OF content ON status_event
      FOR EACH ROW WHEN (NEW.content IS NOT NULL) ${refuse}`);
    await runner.query(`CREATE TRIGGER status_event_no_change BEFORE UPDATE OF actor, event_id, position, received_at, end_time, kind, origin,
      keep, status_id, published_raw, published_key, cutoff ON status_event FOR EACH ROW ${refuse}`);
  }

  down(): Promise<void> {
    throw new Error('forward only');
  }
}
