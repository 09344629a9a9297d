// Once per test run: the engines that its suites need. PostgreSQL always; the others when a suite asks for them by describeWithEngine.
// HELIO_TEST_DATABASE_URL, HELIO_TEST_KAFKA_BROKERS, HELIO_TEST_REDIS_URL and HELIO_TEST_PGBOUNCER_URL name running ones to use instead.
import { globSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EmbeddedPostgres } from '../../libs/engines/dist/embedded/embedded-postgres.js';
import { KAFKA_VERSION, startKafka, whyNoKafka } from '../engines/kafka.mjs';
import { startPgbouncer, whyNoPgbouncer } from '../engines/pgbouncer.mjs';
import { startRedis, whyNoRedis } from '../engines/redis.mjs';
import stopEngines from './engines-stop.mjs';

const always = () => true;
const asksFor = (engine) => (suite) => suite.includes(`describeWithEngine('${engine}'`);

const ENGINES = [
  {
    name: 'postgres',
    variable: 'HELIO_TEST_DATABASE_URL',
    needs: always,
    whyNot: () => null,
    async start(dataDir) {
      // As root, PostgreSQL runs as another user, who has to get in.
      await chmod(dataDir, 0o755);
      const postgres = await EmbeddedPostgres.start({ dataDir, log: () => undefined });
      return { address: postgres.url, what: 'embedded PostgreSQL', stop: () => postgres.stop() };
    },
  },
  {
    name: 'kafka',
    variable: 'HELIO_TEST_KAFKA_BROKERS',
    needs: asksFor('kafka'),
    whyNot: whyNoKafka,
    async start(dataDir) {
      const kafka = await startKafka({ dataDir: path.join(dataDir, 'kafka'), log: (message) => console.error(message) });
      await meetCoordinator(kafka.brokers);
      return { address: kafka.brokers, what: `Apache Kafka ${KAFKA_VERSION}, one broker`, stop: kafka.stop };
    },
  },
  {
    name: 'redis',
    variable: 'HELIO_TEST_REDIS_URL',
    needs: asksFor('redis'),
    whyNot: whyNoRedis,
    async start(dataDir) {
      const redis = await startRedis({ dataDir: path.join(dataDir, 'redis') });
      return { address: redis.url, what: 'redis-server', stop: redis.stop };
    },
  },
  {
    // After PostgreSQL, which it leads to.
    name: 'pgbouncer',
    variable: 'HELIO_TEST_PGBOUNCER_URL',
    needs: asksFor('pgbouncer'),
    whyNot: whyNoPgbouncer,
    async start(dataDir) {
      const pgbouncer = await startPgbouncer({ dataDir: path.join(dataDir, 'pgbouncer'), databaseUrl: process.env.HELIO_TEST_DATABASE_URL });
      return { address: pgbouncer.url, what: 'pgbouncer, transaction mode', stop: pgbouncer.stop };
    },
  },
];

export default async function startEngines(globalConfig) {
  const required = (process.env.HELIO_REQUIRE_ENGINES ?? '').split(',').map((name) => name.trim()).filter(Boolean);
  const unknown = required.filter((name) => !ENGINES.some((engine) => engine.name === name));
  if (unknown.length > 0) throw new Error(`HELIO_REQUIRE_ENGINES names ${unknown.join(', ')}; there are ${ENGINES.map(({ name }) => name).join(', ')}`);

  const suites = suitesOf(globalConfig);
  const dataDir = await mkdtemp(path.join(tmpdir(), 'heliograph-test-'));
  const run = { dataDir, stops: [], table: [] };
  globalThis.heliographTestEngines = run;
  // What was started ends with this process, also by Ctrl-C.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  try {
    for (const engine of ENGINES) {
      const users = suites.filter(({ text }) => engine.needs(text)).map(({ file }) => file);
      const what = users.length === 0 ? 'not needed' : await provide(engine, { ...run, required: required.includes(engine.name) });
      run.table.push({ engine: engine.name, what, suites: engine.needs === always ? null : users });
    }
  } catch (error) {
    // Jest calls no teardown after a setup that fails.
    await stopEngines();
    throw error;
  }
}

/** Makes sure that the engine's variable says where it is, unless it cannot be had; returns what there is. */
async function provide({ name, variable, whyNot, start }, { dataDir, stops, required }) {
  if (process.env[variable]) return `as ${variable} says`;
  const reason = whyNot();
  if (reason && required) throw new Error(`HELIO_REQUIRE_ENGINES asks for ${name}, but ${reason}`);
  if (reason) {
    console.error(`The suites for ${name} are skipped: ${reason}. Or let ${variable} name one that runs.`);
    return `skipped: ${reason}`;
  }
  const { address, what, stop } = await start(dataDir);
  process.env[variable] = address;
  stops.push(stop);
  return what;
}

/** A new broker first makes the topic of its group coordinator; suites should not have to wait for that. */
async function meetCoordinator(brokers) {
  const { Kafka, logLevel } = (await import('kafkajs')).default;
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 200, retries: 30, maxRetryTime: 1_000 } }).admin();
  await admin.connect();
  for (let attempt = 1; ; attempt += 1) {
    try {
      await admin.fetchOffsets({ groupId: 'first-contact' });
      break;
    } catch (error) {
      if (attempt === 60) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  await admin.disconnect();
}

/** The test files that the run includes, as far as its patterns tell. */
function suitesOf({ rootDir, testPathPatterns }) {
  const included = testPathPatterns.toExecutor({ rootDir });
  const files = globSync('{apps,libs,e2e,tools}/**/*.{spec,e2e}.ts', { cwd: rootDir, exclude: (name) => ['node_modules', 'dist', 'fixtures'].includes(path.basename(name)) });
  return files.map((file) => path.join(rootDir, file)).filter((file) => included.isMatch(file)).map((file) => ({ file, text: readFileSync(file, 'utf8') }));
}
