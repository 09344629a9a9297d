import { accountsEntities, accountsMigrations } from '@heliograph/accounts';
import { actorsEntities, actorsMigrations } from '@heliograph/actors';
import { eventBusMigrations } from '@heliograph/event-bus';
import { socialGraphEntities, socialGraphMigrations } from '@heliograph/social-graph';
import { statusStoreEntities, statusStoreMigrations } from '@heliograph/status-store';
import { DataSource } from 'typeorm';

const entities = [...accountsEntities, ...actorsEntities, ...socialGraphEntities, ...statusStoreEntities];
const migrations = [...eventBusMigrations, ...accountsMigrations, ...actorsMigrations, ...statusStoreMigrations, ...socialGraphMigrations];

/** @param poolSize most connections this process opens. @throws when PostgreSQL does not answer. */
export function openDataSource(url: string, poolSize: number): Promise<DataSource> {
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
    extra: { idleTimeoutMillis: 30_000, statement_timeout: 30_000, keepAlive: true },
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
