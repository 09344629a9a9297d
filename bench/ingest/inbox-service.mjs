// The real inbox-ingest as a process of its own, alone on real engines: nobody consumes what it puts on the bus.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import pg from 'pg';
import { TOPICS } from '../../libs/contracts/dist/index.js';
import { freePort } from '../../tools/engines/process.mjs';
import { startRedis } from '../../tools/engines/redis.mjs';
import { startKafka, startPostgres } from '../engines.mjs';
import { insertActors } from '../remote-people.mjs';

const MAIN = path.join(import.meta.dirname, '../../apps/inbox-ingest/dist/main.js');

/** @param people whom it knows; @param {string[]} nodeArgs such as `--cpu-prof` */
export async function startInbox(people, nodeArgs = []) {
  const scratch = await mkdtemp(path.join(tmpdir(), 'heliograph-bench-'));
  const [postgres, kafka, redis] = await Promise.all([startPostgres(), startKafka(), startRedis({ dataDir: path.join(scratch, 'redis') })]);
  const databaseUrl = await postgres.createDatabase();
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  await insertActors(database, people);
  await database.end();

  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: kafka.brokers,
    REDIS_URL: redis.url,
    HELIO_HOST: '127.0.0.1',
    HELIO_PORT: String(port),
    HELIO_PUBLIC_URL: origin,
    HELIO_LOG_LEVEL: 'warn',
  };
  const child = spawn(process.execPath, [...nodeArgs, MAIN], { cwd: scratch, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const ready = () => fetch(`${origin}/readyz`).then(({ status }) => status === 200, () => false);
  while (!(await ready())) {
    if (child.exitCode !== null) throw new Error(`inbox-ingest ended with ${child.exitCode}`);
    await sleep(50);
  }

  const admin = new kafkajs.Kafka({ brokers: [kafka.brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  return {
    origin,
    port,
    pid: child.pid,
    /** How many messages of statuses Kafka has. */
    async recorded() {
      const offsets = await admin.fetchTopicOffsets(TOPICS.statusSubmitted.name);
      return offsets.reduce((sum, { high }) => sum + Number(high), 0);
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await admin.disconnect();
      await Promise.all([postgres.stop(), kafka.stop(), redis.stop()]);
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
