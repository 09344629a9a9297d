import type { MigrationInterface, QueryRunner } from 'typeorm';

class CreateEventBus1763900100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      SET LOCAL lock_timeout = '5s';
      CREATE SCHEMA bus;

      -- Publishers lock the row of a partition until they commit: offsets appear in order, and readers see no gaps.
      CREATE TABLE bus.partition (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        topic text NOT NULL,
        partition integer NOT NULL,
        next_offset bigint NOT NULL DEFAULT 0,
        -- Everything before it has been dropped.
        start_offset bigint NOT NULL DEFAULT 0,
        UNIQUE (topic, partition)
      ) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

      -- No foreign key to bus.partition: it would be looked up for every message, and partitions are never deleted.
      CREATE TABLE bus.message (
        partition_id integer NOT NULL,
        "offset" bigint NOT NULL,
        key text NOT NULL,
        value text NOT NULL,
        headers json,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (partition_id, "offset")
      ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

      CREATE TABLE bus.group_offset (
        consumer_group text NOT NULL,
        partition_id integer NOT NULL,
        next_offset bigint NOT NULL,
        PRIMARY KEY (consumer_group, partition_id)
      ) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

      -- Who shares the partitions of a topic. A row lives as long as its session; a crash of PostgreSQL ends them all, so unlogged.
      CREATE UNLOGGED TABLE bus.member (
        consumer_group text NOT NULL,
        topic text NOT NULL,
        id uuid NOT NULL,
        pid integer NOT NULL,
        backend_start timestamptz NOT NULL,
        joined_at timestamptz NOT NULL DEFAULT now(),
        seen_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer_group, topic, id)
      );
    `);
  }

  down(): Promise<void> {
    throw new Error('forward only');
  }
}

/** Migrations of the embedded event bus, in order: tables in a schema of their own, `bus`. It has no entities. */
export const eventBusMigrations = [CreateEventBus1763900100000];
