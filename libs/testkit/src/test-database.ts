import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  /** Connection string of an empty database that nobody else uses. */
  readonly url: string;
  /** Ends whoever is still connected and drops the database. */
  drop(): Promise<void>;
}

/** An empty PostgreSQL database for one suite, on the server that the test run was given (see tools/jest/engines.mjs). */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['HELIO_TEST_DATABASE_URL'];
  if (!server) throw new Error('HELIO_TEST_DATABASE_URL is not set: run the tests with npm test');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const admin = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await admin(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}
