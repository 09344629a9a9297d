import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateRemoteActor1763900300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`
      CREATE TABLE remote_actor (
        iri text PRIMARY KEY,
        type text NOT NULL,
        handle text,
        preferred_username text,
        display_name text,
        url text,
        icon text,
        inbox text NOT NULL,
        shared_inbox text,
        followers text,
        keys jsonb NOT NULL,
        keys_fetched_at timestamptz(3) NOT NULL,
        has_history boolean NOT NULL,
        shown_status boolean NOT NULL,
        locked boolean NOT NULL,
        fetched_at timestamptz(3) NOT NULL,
        gone_at timestamptz(3),
        CONSTRAINT remote_actor_living_has_handle CHECK (gone_at IS NOT NULL OR handle IS NOT NULL)
      )`);
    await runner.query(`CREATE INDEX remote_actor_handle ON remote_actor (handle)`);
    // Finds the owner of a key whose id does not begin with the actor's (GoToSocial: <actor>/main-key).
    await runner.query(`CREATE INDEX remote_actor_keys ON remote_actor USING gin (keys jsonb_path_ops)`);
  }

  async down(): Promise<void> {
    throw new Error('forward only');
  }
}
