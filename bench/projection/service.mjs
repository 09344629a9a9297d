// status-projection as a process of its own, working off what the topic has.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import pg from 'pg';
import { GROUPS, ALL_TOPICS, statusSubmittedCodec, TOPICS } from '../../libs/contracts/dist/index.js';
import { KafkaEventBus } from '../../libs/event-bus/dist/index.js';
import { freePort } from '../../tools/engines/process.mjs';
import { cpuSeconds } from '../cpu-seconds.mjs';

const MAIN = path.join(import.meta.dirname, '../../apps/status-projection/dist/main.js');
const POLL_MS = 20;
const COORDINATOR_MS = 30_000;
/** Of one process: see the event bus's Reader. */
const BATCHES_AT_ONCE = 4;
const PRELOAD_AT_ONCE = 1_000;

/** Puts the events into status.submitted, in order per actor. */
export async function preload(brokers, events) {
  const bus = openBus(brokers);
  for (let from = 0; from < events.length; from += PRELOAD_AT_ONCE) {
    const messages = events.slice(from, from + PRELOAD_AT_ONCE).map((event) => ({ key: event.data.actor, value: statusSubmittedCodec.encode(event) }));
    await bus.publish(TOPICS.statusSubmitted.name, messages);
  }
  await bus.close();
}

/** Starts one; it is not waited for. */
async function startService({ database, brokers }) {
  const port = await freePort();
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, DATABASE_URL: database, KAFKA_BROKERS: brokers, REDIS_URL: '', HELIO_PORT: String(port), HELIO_HOST: '127.0.0.1', HELIO_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exit = new Promise((resolve) => child.once('exit', resolve));
  return {
    pid: child.pid,
    ready: async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.status === 200,
    get ended() {
      return child.exitCode !== null;
    },
    async stop() {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

const openBus = (brokers) => new KafkaEventBus({ brokers: [brokers], clientId: 'bench', topics: ALL_TOPICS });

/** As if the group had never been: it begins with the oldest message, and commits every offset. */
async function forgetGroup(brokers) {
  const admin = new kafkajs.Kafka({ brokers: [brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  for (const deadline = Date.now() + COORDINATOR_MS; ; await sleep(POLL_MS)) {
    const failure = await admin.deleteGroups([GROUPS.projection]).then(
      () => null,
      (error) => error,
    );
    if (failure === null || failure.groups?.[0]?.error?.type === 'GROUP_ID_NOT_FOUND') break;
    // A broker that has just started has no coordinator for a moment.
    if (!failure.retriable || Date.now() > deadline) throw failure;
  }
  await admin.disconnect();
}

/**
 * Lets `processes` services work off all `count` events that the topic has.
 *
 * The clock runs from the first batch in the tables to when the last event is in the tables, its status.recorded published and its offset
 * committed; events of before do not count. With `held`, the tables are locked until every service is in the group and waits for them, so
 * that all work from the beginning; what they have fetched by then, some 1,000 messages of each partition, is fetched for free.
 */
export async function project({ database, brokers, count, processes = 1, held = false }) {
  await forgetGroup(brokers);
  const bus = openBus(brokers);
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const numberOf = async (sql) => Number((await client.query(`SELECT (${sql}) AS n`)).rows[0].n);
  const applied = () => numberOf('SELECT coalesce(sum(next_offset), 0) FROM projection_offset');
  const waiting = () => numberOf(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`);
  const committed = async () => (await bus.lag()).every(({ group, messages }) => group !== GROUPS.projection || messages === 0);
  const services = [];
  const until = async (condition) => {
    while (!(await condition())) {
      if (services.some(({ ended }) => ended)) throw new Error('a status-projection ended');
      await sleep(POLL_MS);
    }
  };
  const cpu = () => services.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
  try {
    if (held) await client.query('BEGIN; LOCK TABLE current_status IN ACCESS EXCLUSIVE MODE');
    for (let i = 0; i < processes; i += 1) services.push(await startService({ database, brokers }));
    if (held) {
      await until(async () => (await waiting()) >= BATCHES_AT_ONCE * processes && (await Promise.all(services.map(({ ready }) => ready()))).every(Boolean));
      await client.query('COMMIT');
    } else await until(async () => (await applied()) > 0);
    const [begin, cpuBefore, before] = [performance.now(), cpu(), await applied()];
    await until(async () => (await applied()) >= count);
    await until(committed);
    return { events: count - before, seconds: (performance.now() - begin) / 1000, cpu: cpu() - cpuBefore };
  } finally {
    await Promise.all(services.map((service) => service.stop()));
    await client.end();
    await bus.close();
  }
}
