// The whole of `npm start` after 10,000 received statuses: resident memory of its Node process and its PostgreSQL.
import { readdirSync, readFileSync } from 'node:fs';
import { Instance, RemoteServer } from '../libs/testkit/dist/index.js';
import { round } from './statistics.mjs';

const STATUSES = 10_000;
const SENDERS = 50;
const AT_ONCE = 16;
const LIMIT_MB = 400;

/** A process and all its descendants. */
function family(pid) {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
          return [[Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])]];
        } catch {
          return [];
        }
      }),
  );
  const found = [pid];
  for (const parent of found) found.push(...[...parents].filter(([, of]) => of === parent).map(([child]) => child));
  return found;
}

/** MB: the sum of resident sizes, which counts shared pages once per process, and of proportional ones, which counts them once. */
function memoryOf(pids) {
  const sum = (field) =>
    pids.reduce((total, pid) => {
      try {
        return total + Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
      } catch {
        return total;
      }
    }, 0);
  return { rss: round(sum('Rss')), pss: round(sum('Pss')) };
}

export default async function memory() {
  const [instance, remote] = await Promise.all([Instance.start(), RemoteServer.start()]);
  try {
    const people = Array.from({ length: SENDERS }, (_, i) => remote.addPerson(`sender${i}`, { statusHistory: `${remote.origin}/history` }));
    const measure = async () => ({ node: memoryOf([instance.pid]), postgres: memoryOf(family(await instance.postgresPid())) });
    console.log('at start:', JSON.stringify(await measure()));
    const begin = performance.now();
    let next = 0;
    const sender = async () => {
      for (let n = next++; n < STATUSES; n = next++) {
        const person = people[n % SENDERS];
        const id = `${person.id}/statuses/${n}`;
        const published = new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();
        const object = { type: 'ActorStatus', id, attributedTo: person.id, content: `status number ${n}`, published };
        const { status } = await remote.deliver(person, `${instance.origin}/inbox`, { type: 'Create', id: `${id}#create`, actor: person.id, object });
        if (status !== 202) throw new Error(`answered ${status}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
    console.log(`${STATUSES} statuses received in ${round((performance.now() - begin) / 1000)} s`);
    const { node, postgres } = await measure();
    console.log('after:', JSON.stringify({ node, postgres }));
    const ours = round(node.rss + postgres.rss);
    return { ours, limit: LIMIT_MB, ratio: round(ours / LIMIT_MB, 3), unit: 'MB resident, sum over processes', proportional: round(node.pss + postgres.pss), statuses: STATUSES };
  } finally {
    await Promise.all([instance.dispose(), remote.stop()]);
  }
}
