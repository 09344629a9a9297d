// Resident memory of each service with a million actors in the tables, under steady load.
//   npm run bench -- services-memory [--minutes N]
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Follower } from './end-to-end/follower.mjs';
import { insertPeople, insertStatuses, makeKeys } from './remote-people.mjs';
import { SERVICES, startServices } from './services.mjs';
import { steadyLoad } from './services-memory/load.mjs';
import { trendOf } from './services-memory/trend.mjs';
import { round } from './statistics.mjs';

const ACTORS = 1_000_000;
const WRITERS = 4;
const SAMPLE_MS = 2_000;
const LIMIT_MB = 200;

/** MB. */
const residentOf = (pid) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

export default async function servicesMemory() {
  const { values } = parseArgs({ args: process.argv.slice(3), options: { minutes: { type: 'string', default: '10' } } });
  const minutes = Number(values.minutes);
  const keys = makeKeys();
  const fill = async (database) => {
    const begin = performance.now();
    await insertPeople(database, keys, ACTORS);
    await insertStatuses(database, ACTORS);
    await database.query('ANALYZE');
    const { rows } = await database.query('SELECT pg_database_size(current_database()) AS bytes');
    console.log(`${ACTORS} actors, each with a status: ${round(rows[0].bytes / 1e6, 0)} MB in PostgreSQL, filled in ${round((performance.now() - begin) / 1000, 0)} s`);
  };
  const [services, follower] = await Promise.all([startServices({ fill }), Follower.start()]);
  try {
    const writers = [];
    for (let n = 0; n < WRITERS; n += 1) {
      writers.push(JSON.parse(await services.helio('account', 'create', `writer${n}`, '--email', `writer${n}@mail.example`, '--password', 'correct horse battery')));
    }
    await follower.follow(services.database, writers.map(({ id }) => id));
    const samples = Object.fromEntries(SERVICES.map((name) => [name, [residentOf(services.pids[name])]]));
    const ended = new AbortController();
    const load = steadyLoad({ services, keys, actors: ACTORS, writers, signal: ended.signal });
    const sampling = (async () => {
      for (const until = performance.now() + minutes * 60_000; performance.now() < until; ) {
        await sleep(SAMPLE_MS);
        for (const name of SERVICES) samples[name].push(residentOf(services.pids[name]));
      }
      ended.abort();
    })();
    const [done] = await Promise.all([load, sampling]);
    console.log(`${minutes} minutes: ${Object.entries(done).map(([kind, count]) => `${count} ${kind}`).join(', ')}`);

    const trends = Object.fromEntries(SERVICES.map((name) => [name, trendOf(samples[name])]));
    for (const name of SERVICES) {
      const { perSample, growth, flat } = trends[name];
      const [start, most, end] = [samples[name][0], Math.max(...samples[name]), samples[name].at(-1)].map((mb) => round(mb, 0));
      const slope = round((perSample * 60_000) / SAMPLE_MS, 2);
      console.log(`${name.padEnd(18)} start ${start}, most ${most}, end ${end} MB; ${slope} MB a minute, last third to second third ${round(growth, 3)}: ${flat ? 'flat' : 'NOT FLAT'}`);
    }
    const ours = round(Math.max(...SERVICES.map((name) => Math.max(...samples[name]))));
    return { ours, limit: LIMIT_MB, ratio: round(ours / LIMIT_MB, 3), unit: 'MB resident, the largest service at its most', flat: SERVICES.every((name) => trends[name].flat), minutes };
  } finally {
    await follower.stop();
    await services.stop();
  }
}
