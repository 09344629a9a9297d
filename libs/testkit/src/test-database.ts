import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  /** Connection string of an empty database that nobody else uses. */
  readonly url: string;
  /** Every row of every table as text: a logical dump, to be searched. */
  dump(): Promise<string>;
  /** Ends whoever is still connected and drops the database. */
  drop(): Promise<void>;
}

/** An empty PostgreSQL database for one suite, on the server that the test run was given (see tools/jest/engines.mjs). */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['HELIO_TEST_DATABASE_URL'];
  if (!server) throw new Error('HELIO_TEST_DATABASE_URL is not set: run the tests with npm test');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const admin = (sql: string): Promise<void> => connected(server, async (client) => void (await client.query(sql)));
  await admin(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, dump: () => connected(url.href, dumpOf), drop: () => admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** The same database by way of a pooler, whose URL names none. */
export function throughPooler(database: TestDatabase, pooler: string): string {
  const url = new URL(pooler);
  url.pathname = new URL(database.url).pathname;
  return url.href;
}

async function connected<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return work(client).finally(() => client.end());
}

async function dumpOf(client: pg.Client): Promise<string> {
  const tables = await client.query<{ name: string }>(`SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`);
  const lines: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await client.query<{ line: string }>(`SELECT t::text AS line FROM ${name} t`);
    lines.push(...rows.map(({ line }) => line));
  }
  return lines.join('\n');
}
