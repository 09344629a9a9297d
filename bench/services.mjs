// The four services as processes of their own, on engines that the bench starts: what an operator runs, without the proxy in front.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../tools/engines/process.mjs';
import { startRedis } from '../tools/engines/redis.mjs';
import { NODE_ARGS } from '../tools/services/node-args.mjs';
import { startKafka, startPostgres } from './engines.mjs';

const root = path.join(import.meta.dirname, '..');
export const SERVICES = ['gateway', 'inbox-ingest', 'status-projection', 'delivery'];

/**
 * Starts PostgreSQL, Apache Kafka, Redis and the services, and resolves when all are ready. What is asked of a service goes to its own port,
 * with the host of `origin`, which is the gateway's.
 * @param {{ env?: Record<string, string>, nodeArgs?: string[], fill?: (database: pg.Client) => Promise<void> }} options `fill`: called with
 *   the migrated database before the services start; `nodeArgs`: of every service beside those it is run with, such as `--cpu-prof`
 */
export async function startServices({ env = {}, nodeArgs = [], fill } = {}) {
  const scratch = await mkdtemp(path.join(tmpdir(), 'heliograph-bench-'));
  await chmod(scratch, 0o755);
  const [postgres, kafka, redis] = await Promise.all([startPostgres(), startKafka(), startRedis({ dataDir: path.join(scratch, 'redis') })]);
  const databaseUrl = await postgres.createDatabase();
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  await fill?.(database);

  const ports = Object.fromEntries(await Promise.all(SERVICES.map(async (name) => [name, await freePort()])));
  const origin = `http://127.0.0.1:${ports.gateway}`;
  const environment = {
    PATH: process.env.PATH,
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: kafka.brokers,
    REDIS_URL: redis.url,
    HELIO_HOST: '127.0.0.1',
    HELIO_PUBLIC_URL: origin,
    HELIO_ALLOW_PRIVATE_NETWORK: 'on',
    HELIO_LOG_LEVEL: 'warn',
    ...env,
  };
  const node = (app, before, after, stdio, own = {}) =>
    spawn(process.execPath, [...before, path.join(root, 'apps', app, 'dist/main.js'), ...after], { cwd: scratch, env: { ...environment, ...own }, stdio });
  const run = (name) => node(name, [...NODE_ARGS, ...nodeArgs], [], ['ignore', 'ignore', 'inherit'], { HELIO_PORT: String(ports[name]) });
  const processes = Object.fromEntries(SERVICES.map((name) => [name, run(name)]));
  const killAll = () => Object.values(processes).forEach((child) => child.kill('SIGKILL'));
  process.once('exit', killAll);
  const ready = (name) => fetch(`http://127.0.0.1:${ports[name]}/readyz`).then(({ status }) => status === 200, () => false);
  for (const name of SERVICES) {
    while (!(await ready(name))) {
      if (processes[name].exitCode !== null) throw new Error(`${name} ended with ${processes[name].exitCode}`);
      await sleep(50);
    }
  }
  return {
    origin,
    ports,
    /** A connection to the database of the services. */
    database,
    pids: Object.fromEntries(SERVICES.map((name) => [name, processes[name].pid])),
    /** Runs `helio` and resolves to what it printed. @throws Error when it fails */
    async helio(...args) {
      const child = node('cli', [], args, ['ignore', 'pipe', 'inherit']);
      let output = '';
      child.stdout.on('data', (chunk) => (output += chunk));
      const [code] = await once(child, 'close');
      if (code !== 0) throw new Error(`helio ${args.join(' ')} ended with ${code}`);
      return output;
    },
    async stop() {
      const running = Object.values(processes).filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
      await Promise.all(
        running.map((child) => {
          child.kill('SIGTERM');
          return once(child, 'exit');
        }),
      );
      process.removeListener('exit', killAll);
      await database.end();
      await Promise.all([postgres.stop(), kafka.stop(), redis.stop()]);
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
