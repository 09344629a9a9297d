import { ALL_TOPICS } from '@heliograph/contracts';
import { type EventBus, type KafkaConnection, KafkaEventBus, PostgresEventBus } from '@heliograph/event-bus';
import { type Config, createLogger, type KafkaConfig } from '@heliograph/platform';
import type { DataSource } from 'typeorm';
import { DatabaseClock, type Clock } from './database-clock.ts';
import { migrate, openDataSource, pendingMigrations } from './data-source.ts';
import { EmbeddedPostgres } from './embedded/embedded-postgres.ts';
import { watchLag } from './lag-metrics.ts';
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
}

/**
 * Opens the engines that the configuration names: PostgreSQL from DATABASE_URL or the embedded one, and the event bus. The embedded
 * database is migrated on the way, since nobody else looks after it; a database of one's own is migrated by `helio migrate`.
 * @throws Error that names what is missing and what to do about it.
 */
export async function openEngines(config: Config, options: OpenEnginesOptions = {}): Promise<Engines> {
  const { url, dataSource, embedded } = await openDatabase(config, options);
  if (embedded) await migrate(dataSource);
  const pending = await pendingMigrations(dataSource);
  if (pending.length > 0) {
    await dataSource.destroy();
    throw new Error(`the database lacks ${pending.length} migrations (first: ${pending[0]}): run "npx helio migrate"`);
  }
  const clock = await DatabaseClock.start(dataSource);
  const bus = openBus(config, dataSource, url);
  const federation = openFederation(config, dataSource);
  const unwatch = options.supervise ? watchLag(bus) : () => undefined;
  return {
    config,
    dataSource,
    bus,
    clock,
    ...federation,
    async close() {
      unwatch();
      clock.stop();
      await federation.closeFederation();
      await bus.close();
      await dataSource.destroy();
      await embedded?.stop();
    },
  };
}

function openBus({ kafka }: Config, dataSource: DataSource, url: string): EventBus {
  if (kafka) return new KafkaEventBus({ ...kafkaConnection(kafka), topics: ALL_TOPICS });
  return new PostgresEventBus({ pool: poolOf(dataSource), connectionString: url, topics: ALL_TOPICS });
}

/** What kafkajs needs to know of the brokers. */
export const kafkaConnection = ({ brokers, ssl, sasl }: KafkaConfig): KafkaConnection => ({
  brokers,
  ssl,
  ...(sasl ? { sasl: sasl as KafkaConnection['sasl'] } : {}),
  clientId: 'heliograph',
});

async function openDatabase(config: Config, { poolSize = 10, supervise = false }: OpenEnginesOptions): Promise<{ url: string; dataSource: DataSource; embedded: EmbeddedPostgres | null }> {
  if (config.databaseUrl) return { url: config.databaseUrl, dataSource: await openDataSource(config.databaseUrl, poolSize), embedded: null };
  const embedded = await EmbeddedPostgres.start({ dataDir: config.dataDir, supervise, log: (message) => log.info(message) });
  return { url: embedded.url, dataSource: await openDataSource(embedded.url, poolSize), embedded };
}

/** `helio migrate`: brings the schema up to date and resolves to the names of what was run. */
export async function migrateDatabase(config: Config): Promise<readonly string[]> {
  const { dataSource, embedded } = await openDatabase(config, { poolSize: 2 });
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
