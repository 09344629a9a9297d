import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What caches of actor documents compare: raised by the database with every change that shows in the document, whoever makes it. */
export class AddAccountVersion1763900200010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`ALTER TABLE account ADD COLUMN version bigint NOT NULL DEFAULT 1`);
    await runner.query(`
      CREATE FUNCTION account_raise_version() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        NEW.version := OLD.version + 1;
        RETURN NEW;
      END $$`);
    await runner.query(`
      CREATE TRIGGER account_raise_version BEFORE UPDATE OF name, display_name, bio, icon_url, history, locked, public_key_pem, deleted_at ON account
      FOR EACH ROW
      WHEN ((OLD.name, OLD.display_name, OLD.bio, OLD.icon_url, OLD.history, OLD.locked, OLD.public_key_pem, OLD.deleted_at)
            IS DISTINCT FROM (NEW.name, NEW.display_name, NEW.bio, NEW.icon_url, NEW.history, NEW.locked, NEW.public_key_pem, NEW.deleted_at))
      EXECUTE FUNCTION account_raise_version()`);
  }

  async down(): Promise<void> {
    throw new Error('forward only');
  }
}
