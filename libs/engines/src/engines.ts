import { readFileSync } from 'node:fs';
import { ALL_TOPICS } from '@heliograph/contracts';
import { type EventBus, type KafkaConnection, KafkaEventBus, PostgresEventBus } from '@heliograph/event-bus';
import { type Config, createLogger, type KafkaConfig } from '@heliograph/platform';
import type { DataSource } from 'typeorm';
import { DatabaseClock, type Clock } from './database-clock.ts';
import { migrate, openDataSource, pendingMigrations, STATEMENT_MS } from './data-source.ts';
import { EmbeddedPostgres } from './embedded/embedded-postgres.ts';
import { watchLag } from './lag-metrics.ts';
import { watchPool } from './pool-metrics.ts';
import { type Federation, openFederation } from './federation.ts';

const log = createLogger('engines');

/** What every service works on. */
export interface Engines extends Federation {
  readonly config: Config;
  readonly dataSource: DataSource;
  readonly bus: EventBus;
  /** What counts as now (ADR 0011). */
  readonly clock: Clock;
  close(): Promise<void>;
}

export interface OpenEnginesOptions {
  /** Most PostgreSQL connections; default 10. */
  readonly poolSize?: number;
  /** Keep the embedded PostgreSQL alive: for servers, not for a command that ends at once. */
  readonly supervise?: boolean;
  /** For commands that may take long: past the pooler, if there is one, and without a limit for a statement. */
  readonly patient?: boolean;
}

/**
 * Opens the engines that the configuration names: PostgreSQL from DATABASE_URL or the embedded one, and the event bus. The embedded
 * database is migrated on the way, since nobody else looks after it; a database of one's own is migrated by `helio migrate`.
 * @throws Error that names what is missing and what to do about it.
 */
export async function openEngines(config: Config, options: OpenEnginesOptions = {}): Promise<Engines> {
  const { directUrl, dataSource, embedded } = await openDatabase(config, options);
  if (embedded) await migrate(dataSource);
  const pending = await pendingMigrations(dataSource);
  if (pending.length > 0) {
    await dataSource.destroy();
    throw new Error(`the database lacks ${pending.length} migrations (first: ${pending[0]}): run "npx helio migrate"`);
  }
  const clock = await DatabaseClock.start(dataSource);
  const bus = openBus(config, dataSource, directUrl);
  const federation = openFederation(config, dataSource);
  const watches = [watchPool(poolOf(dataSource)), ...(options.supervise ? [watchLag(bus)] : [])];
  return {
    config,
    dataSource,
    bus,
    clock,
    ...federation,
    async close() {
      for (const unwatch of watches) unwatch();
      clock.stop();
      await federation.closeFederation();
      await bus.close();
      await dataSource.destroy();
      await embedded?.stop();
    },
  };
}

function openBus({ kafka }: Config, dataSource: DataSource, directUrl: string): EventBus {
  if (kafka) return new KafkaEventBus({ ...kafkaConnection(kafka), topics: ALL_TOPICS });
  return new PostgresEventBus({ pool: poolOf(dataSource), connectionString: directUrl, topics: ALL_TOPICS });
}

/** What kafkajs needs to know of the brokers. @throws Error when the file that KAFKA_SSL_CA names cannot be read. */
export const kafkaConnection = ({ brokers, ssl, sslCa, sasl }: KafkaConfig): KafkaConnection => ({
  brokers,
  ssl: ssl && sslCa !== null ? { ca: readCertificates(sslCa) } : ssl,
  ...(sasl ? { sasl: sasl as KafkaConnection['sasl'] } : {}),
  clientId: 'heliograph',
});

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`KAFKA_SSL_CA: ${(error as Error).message}`, { cause: error });
  }
}

interface OpenDatabase {
  /** For connections that keep a session. */
  readonly directUrl: string;
  readonly dataSource: DataSource;
  /** Null for a PostgreSQL of one's own. */
  readonly embedded: EmbeddedPostgres | null;
}

async function openDatabase({ databaseUrl, databaseDirectUrl, dataDir }: Config, { poolSize = 10, supervise = false, patient = false }: OpenEnginesOptions): Promise<OpenDatabase> {
  const statementMs = patient ? 0 : STATEMENT_MS;
  if (databaseUrl) {
    const directUrl = databaseDirectUrl ?? databaseUrl;
    return { directUrl, dataSource: await openDataSource(patient ? directUrl : databaseUrl, poolSize, statementMs), embedded: null };
  }
  const embedded = await EmbeddedPostgres.start({ dataDir, supervise, log: (message) => log.info(message) });
  return { directUrl: embedded.url, dataSource: await openDataSource(embedded.url, poolSize, statementMs), embedded };
}

/** `helio migrate`: brings the schema up to date and resolves to the names of what was run. */
export async function migrateDatabase(config: Config): Promise<readonly string[]> {
  const { dataSource, embedded } = await openDatabase(config, { poolSize: 2, patient: true });
  try {
    return await migrate(dataSource);
  } finally {
    await dataSource.destroy();
    await embedded?.stop();
  }
}

/** The driver's own pool: one limit on connections for everything in the process. */
const poolOf = (dataSource: DataSource): ConstructorParameters<typeof PostgresEventBus>[0]['pool'] =>
  (dataSource.driver as unknown as { master: ConstructorParameters<typeof PostgresEventBus>[0]['pool'] }).master;
