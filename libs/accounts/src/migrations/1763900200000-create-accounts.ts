import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAccounts1763900200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`SET LOCAL lock_timeout = '5s'`);
    await runner.query(`
      CREATE TABLE account (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9_]{1,30}$'),
        email text,
        password_hash text,
        display_name text NOT NULL DEFAULT '',
        bio text NOT NULL DEFAULT '',
        icon_url text,
        history boolean NOT NULL,
        locked boolean NOT NULL DEFAULT false,
        public_key_pem text NOT NULL,
        private_key_pem text,
        last_published timestamptz(3),
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        deleted_at timestamptz(3),
        CONSTRAINT account_living_is_complete CHECK (deleted_at IS NOT NULL OR num_nulls(email, password_hash, private_key_pem) = 0)
      )`);
    await runner.query(`CREATE UNIQUE INDEX account_email ON account (lower(email)) WHERE email IS NOT NULL`);
    // Cycles by itself only after 2^63: what counts is its remainder (see publication.ts).
    await runner.query(`CREATE SEQUENCE publication_sequence`);
    await runner.query(`
      CREATE TABLE access_token (
        token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
        account_id bigint NOT NULL REFERENCES account (id),
        created_at timestamptz(3) NOT NULL DEFAULT now()
      )`);
    await runner.query(`CREATE INDEX access_token_account ON access_token (account_id)`);
    await runner.query(`
      CREATE TABLE idempotency_key (
        account_id bigint NOT NULL REFERENCES account (id),
        key text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
        request_hash text NOT NULL,
        reserved jsonb NOT NULL,
        response jsonb,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (account_id, key)
      )`);
    await runner.query(`CREATE INDEX idempotency_key_age ON idempotency_key (created_at)`);
    await runner.query(`
      CREATE TABLE instance_key (
        singleton boolean PRIMARY KEY CHECK (singleton),
        public_key_pem text NOT NULL,
        private_key_pem text NOT NULL
      )`);
  }

  async down(): Promise<void> {
    throw new Error('forward only');
  }
}
