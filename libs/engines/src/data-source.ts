import { accountsEntities, accountsMigrations } from '@heliograph/accounts';
import { actorsEntities, actorsMigrations } from '@heliograph/actors';
import { eventBusMigrations } from '@heliograph/event-bus';
import { socialGraphEntities, socialGraphMigrations } from '@heliograph/social-graph';
import { statusStoreEntities, statusStoreMigrations } from '@heliograph/status-store';
import { createLogger } from '@heliograph/platform';
import { DataSource } from 'typeorm';
import { BoundedClient } from './bounded-client.ts';

const log = createLogger('engines');
/** Longest time for a statement of a service. */
export const STATEMENT_MS = 30_000;
/** What PgBouncer says of a setting that it does not know when a connection begins. */
const POOLER_REFUSES = /unsupported startup parameter/;

const entities = [...accountsEntities, ...actorsEntities, ...socialGraphEntities, ...statusStoreEntities];
const migrations = [...eventBusMigrations, ...accountsMigrations, ...actorsMigrations, ...statusStoreMigrations, ...socialGraphMigrations];

/**
 * @param url of PostgreSQL, or of a pooler in transaction mode
 * @param poolSize most connections this process opens
 * @param statementMs longest time for a statement, ms; 0: none
 * @throws when PostgreSQL does not answer
 */
export async function openDataSource(url: string, poolSize: number, statementMs: number = STATEMENT_MS): Promise<DataSource> {
  if (statementMs === 0) return connect(url, poolSize, {});
  try {
    return await connect(url, poolSize, { statement_timeout: statementMs });
  } catch (error) {
    if (!(error instanceof Error && POOLER_REFUSES.test(error.message))) throw error;
    log.debug('PostgreSQL is behind a pooler: statements that take too long are cancelled from here');
    return connect(url, poolSize, { Client: BoundedClient, boundedMs: statementMs });
  }
}

function connect(url: string, poolSize: number, bound: object): Promise<DataSource> {
  return new DataSource({
    type: 'postgres',
    url,
    entities,
    migrations,
    migrationsTableName: 'schema_migration',
    migrationsTransactionMode: 'each',
    installExtensions: false,
    uuidExtension: 'pgcrypto',
    poolSize,
    connectTimeoutMS: 5_000,
    applicationName: 'heliograph',
    // An idle connection that breaks is not an error: the pool opens another when one is needed.
    poolErrorHandler: () => undefined,
    extra: { idleTimeoutMillis: 30_000, keepAlive: true, ...bound },
  }).initialize();
}

/** Any number that no other program uses as an advisory lock of this database. */
const MIGRATION_LOCK = 4_850_214;

/** Brings the schema up to date; several processes may call it at once. Returns the names of what was run. */
export async function migrate(dataSource: DataSource): Promise<readonly string[]> {
  const guard = dataSource.createQueryRunner();
  await guard.connect();
  await guard.startTransaction();
  try {
    // Held by a transaction, not a session, so that it works behind PgBouncer.
    await guard.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const ran = await dataSource.runMigrations();
    return ran.map(({ name }) => name);
  } finally {
    await guard.rollbackTransaction().catch(() => undefined);
    await guard.release();
  }
}

/** Names of migrations that this program knows and the database has not run. */
export async function pendingMigrations(dataSource: DataSource): Promise<readonly string[]> {
  const [table] = (await dataSource.query(`SELECT to_regclass('schema_migration') AS name`)) as { name: string | null }[];
  const done = table?.name ? ((await dataSource.query('SELECT name FROM schema_migration')) as { name: string }[]).map(({ name }) => name) : [];
  return dataSource.migrations.map(({ name, constructor }) => name ?? constructor.name).filter((name) => !done.includes(name));
}
