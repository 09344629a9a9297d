// Events from Kafka into log, current and history by the real status-projection process, against a plain script that fills the same tables.
//   npm run bench -- projection [WORKLOAD…]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { cpuSeconds } from './cpu-seconds.mjs';
import { startKafka, startPostgres } from './engines.mjs';
import { assertSameTables } from './projection/same-tables.mjs';
import { preload, project } from './projection/service.mjs';
import { eventsOf, WORKLOADS } from './projection/workloads.mjs';
import { percentile, round } from './statistics.mjs';

const EVENTS = 80_000;
const ROUNDS = 3;
/** The one that counts: what a server that has been in the fediverse for a while gets. */
const HEADLINE = 'mix';

async function plain(database, workload) {
  const script = fork(path.join(import.meta.dirname, 'projection/plain-script.mjs'), [database, workload, String(EVENTS)]);
  await once(script, 'message');
  const [begin, cpuBefore] = [performance.now(), cpuSeconds(script.pid)];
  script.send('go');
  await once(script, 'message');
  return { events: EVENTS, seconds: (performance.now() - begin) / 1000, cpu: cpuSeconds(script.pid) - cpuBefore };
}

async function measure(workload, postgres) {
  const kafka = await startKafka();
  const rounds = { ours: [], limit: [] };
  try {
    await preload(kafka.brokers, eventsOf(workload, EVENTS));
    for (let i = 0; i < ROUNDS; i += 1) {
      const databases = {};
      for (const who of i % 2 === 0 ? ['ours', 'limit'] : ['limit', 'ours']) {
        const database = (databases[who] = await postgres.createDatabase());
        await postgres.settle();
        const before = { postgres: postgres.cpuSeconds(), kafka: kafka.cpuSeconds() };
        const taken = who === 'ours' ? await project({ database, brokers: kafka.brokers, count: EVENTS }) : await plain(database, workload);
        const others = { postgres: postgres.cpuSeconds() - before.postgres, kafka: kafka.cpuSeconds() - before.kafka };
        rounds[who].push(taken.events / taken.seconds);
        const cpu = `CPU seconds: process ${round(taken.cpu)}, PostgreSQL ${round(others.postgres)}, Kafka ${round(others.kafka)}`;
        console.log(`${workload}, ${who}: ${round(taken.events / taken.seconds, 0)} events/s in ${round(taken.seconds)} s; ${cpu}`);
      }
      await assertSameTables(databases.ours, databases.limit);
      for (const database of Object.values(databases)) await postgres.dropDatabase(database);
    }
  } finally {
    await kafka.stop();
  }
  const [ours, limit] = [rounds.ours, rounds.limit].map((rates) => percentile(rates, 0.5));
  return { ours: round(ours, 0), limit: round(limit, 0), ratio: round(ours / limit, 2) };
}

export default async function projection() {
  const asked = process.argv.slice(3);
  const workloads = asked.length > 0 ? asked : Object.keys(WORKLOADS);
  const unknown = workloads.filter((name) => !(name in WORKLOADS));
  if (unknown.length > 0) throw new Error(`no workload ${unknown.join(', ')}; there are: ${Object.keys(WORKLOADS).join(', ')}`);
  const postgres = await startPostgres();
  try {
    const results = {};
    for (const workload of workloads) {
      results[workload] = await measure(workload, postgres);
      console.log(`${workload}: ${JSON.stringify(results[workload])}`);
    }
    return { ...(results[HEADLINE] ?? results[workloads[0]]), unit: 'events/s', events: EVENTS, workload: workloads.includes(HEADLINE) ? HEADLINE : workloads[0], workloads: results };
  } finally {
    await postgres.stop();
  }
}
