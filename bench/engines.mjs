// What benches run on: embedded PostgreSQL and Apache Kafka, each a process of its own on data of its own that goes with the bench.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { ALL_TOPICS } from '../libs/contracts/dist/index.js';
import { migrate, openDataSource } from '../libs/engines/dist/index.js';
import { EmbeddedPostgres } from '../libs/engines/dist/embedded/embedded-postgres.js';
import { applyTopics } from '../libs/event-bus/dist/index.js';
import { startKafka as startBroker } from '../tools/engines/kafka.mjs';
import { cpuSeconds } from './cpu-seconds.mjs';

/** A folder that PostgreSQL's user can enter, too. */
async function scratch() {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'heliograph-bench-'));
  await chmod(dataDir, 0o755);
  return dataDir;
}

/** proc(5): after the command, which may contain blanks. */
const statOf = (pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
  } catch {
    return null;
  }
};
const TICKS_PER_SECOND = 100;

/** CPU seconds of a server whose connections are its children, those that are gone included. */
function serverSeconds(pid) {
  const stats = readdirSync('/proc').map(Number).filter((other) => other > 0).map((other) => [other, statOf(other)]);
  return stats.reduce((sum, [other, stat]) => {
    if (!stat || (other !== pid && stat[1] !== pid)) return sum;
    const [own, gone] = [stat[11] + stat[12], other === pid ? stat[13] + stat[14] : 0];
    return sum + (own + gone) / TICKS_PER_SECOND;
  }, 0);
}

/** An embedded PostgreSQL with a migrated database to copy from. */
export async function startPostgres() {
  const dataDir = await scratch();
  const server = await EmbeddedPostgres.start({ dataDir, log: () => undefined });
  const template = await openDataSource(server.url, 2);
  await migrate(template);
  await template.destroy();
  const original = new URL(server.url).pathname.slice(1);
  const admin = async (sql) => {
    const client = new pg.Client({ connectionString: Object.assign(new URL(server.url), { pathname: '/postgres' }).href });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  let made = 0;
  return {
    cpuSeconds: () => serverSeconds(server.pid),
    /** @returns a fresh database, migrated and empty, or a copy of the one that a URL names, which nobody may be using */
    async createDatabase(from = null) {
      made += 1;
      const name = `bench_${made}`;
      await admin(`CREATE DATABASE ${name} TEMPLATE ${from ? new URL(from).pathname.slice(1) : original} STRATEGY file_copy`);
      return Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
    },
    /** After this, what was written before costs the next round nothing. */
    settle: () => admin('CHECKPOINT'),
    dropDatabase: (url) => admin(`DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`),
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A broker with the topics of the contracts, one copy of each. */
export async function startKafka() {
  const dataDir = await scratch();
  const broker = await startBroker({ dataDir });
  await applyTopics({ brokers: [broker.brokers], clientId: 'bench' }, ALL_TOPICS, { replication: 1, minInsyncReplicas: 1 });
  return {
    brokers: broker.brokers,
    cpuSeconds: () => cpuSeconds(broker.pid),
    async stop() {
      await broker.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
