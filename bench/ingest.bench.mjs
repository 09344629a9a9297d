// Signed statuses from other servers, keys known, answered once Kafka has them: requests per CPU second of the inbox-ingest process, against a
// bare node:http server that checks digest and signature and parses the body, and against Fedify's inbox. Same senders, same connections.
import { fork } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { cpuSeconds } from './cpu-seconds.mjs';
import { startInbox } from './ingest/inbox-service.mjs';
import { load } from './load/generator.mjs';
import { people as makePeople } from './remote-people.mjs';
import { percentile, round } from './statistics.mjs';

const SENDERS = 50;
const CONNECTIONS = 64;
const ROUNDS = 5;
const REQUESTS = 10_000;
const FEDIFY_REQUESTS = 1_500;
/** Sent before the first round; until about here the compilers of a process take part of its time. */
const WARM_UP = 20_000;
const FEDIFY_WARM_UP = 1_500;
const CONTROLS = 20;
/** Least share of the bare server's rate, and least multiple of Fedify's. */
const WANTED = 0.6;
const WANTED_TIMES_FEDIFY = 8;

/** Starts a server of `ingest/` as a process of its own. */
async function startServer(name, people) {
  const child = fork(path.join(import.meta.dirname, 'ingest', name), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send({ people: people.map(({ id, keyId, publicKeyPem }) => ({ id, keyId, publicKeyPem })) });
  const [{ port }] = await once(child, 'message');
  return { port, pid: child.pid, stop: () => child.kill() };
}

/** Request files by the names of `parts`, signed on two threads. */
async function sign(dir, people, origin, parts) {
  const files = parts.map((part, i) => ({ ...part, first: (i + 1) * 1_000_000, file: path.join(dir, `${part.name}.requests`) }));
  await Promise.all(
    [0, 1].map(async (half) => {
      const workerData = { parts: files.filter((_, i) => i % 2 === half), people, origin };
      const [code] = await once(new Worker(path.join(import.meta.dirname, 'ingest/sign-worker.mjs'), { workerData }), 'exit');
      if (code !== 0) throw new Error('signing failed');
    }),
  );
  return Object.fromEntries(files.map(({ name, file }) => [name, file]));
}

/** Sends a file of requests to a server, all of which have to be answered with `status`. */
async function send(server, file, status = '202') {
  const before = cpuSeconds(server.pid);
  const { statuses, seconds, latencies } = await load({ port: server.port, file, connections: CONNECTIONS });
  const cpu = cpuSeconds(server.pid) - before;
  if (statuses[status] !== latencies.length) throw new Error(`answered ${JSON.stringify(statuses)}, all should be ${status}`);
  return { perCpu: latencies.length / cpu, microseconds: (cpu / latencies.length) * 1e6, perSecond: latencies.length / seconds, p99: percentile(latencies, 0.99) };
}

const median = (values) => percentile(values, 0.5);
const rounds = (name, kind, count) => Array.from({ length: ROUNDS }, (_, i) => ({ name: `${name} ${i + 1}`, kind, count }));

export default async function ingest() {
  const dir = await mkdtemp(path.join(tmpdir(), 'heliograph-bench-'));
  const people = makePeople(SENDERS);
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const stops = [() => rm(dir, { recursive: true, force: true })];
  try {
    const inbox = await startInbox(people);
    stops.unshift(() => inbox.stop());
    const bare = await startServer('bare-server.mjs', people);
    const fedify = await startServer('fedify-server.mjs', people);
    stops.unshift(bare.stop, fedify.stop);
    const files = await sign(dir, people, inbox.origin, [
      ...rounds('status', 'status', REQUESTS),
      ...rounds('note', 'note', FEDIFY_REQUESTS),
      { name: 'status warm-up', kind: 'status', count: WARM_UP },
      { name: 'note warm-up', kind: 'note', count: FEDIFY_WARM_UP },
      { name: 'wrong status', kind: 'status', count: CONTROLS, stranger },
      { name: 'wrong note', kind: 'note', count: CONTROLS, stranger },
    ]);
    const contestants = Object.entries({
      // A key that does not fit may have been replaced: ours asks for it again, of a server that is not there, and says to come again.
      inbox: { server: inbox, kind: 'status', refusal: '503' },
      bare: { server: bare, kind: 'status', refusal: '401' },
      fedify: { server: fedify, kind: 'note', refusal: '401' },
    });
    for (const [, { server, kind }] of contestants) await send(server, files[`${kind} warm-up`]);

    const results = { inbox: [], bare: [], fedify: [] };
    const before = await inbox.recorded();
    for (let i = 1; i <= ROUNDS; i += 1) {
      for (const [name, { server, kind }] of contestants) {
        const result = await send(server, files[`${kind} ${i}`]);
        results[name].push(result);
        const { perCpu, microseconds, perSecond, p99 } = result;
        console.log(`round ${i}: ${name.padEnd(6)} ${round(perCpu, 0)} per CPU second (${round(microseconds)} µs each), ${round(perSecond, 0)} per second, p99 ${round(p99)} ms`);
      }
    }
    const recorded = (await inbox.recorded()) - before;
    if (recorded !== ROUNDS * REQUESTS) throw new Error(`Kafka has ${recorded} statuses of ${ROUNDS * REQUESTS} that were answered with 202`);
    // The control: what nobody signed rightly is refused by all three, and not recorded.
    for (const [, { server, kind, refusal }] of contestants) await send(server, files[`wrong ${kind}`], refusal);
    if ((await inbox.recorded()) - before !== recorded) throw new Error('a wrongly signed status was recorded');

    const rates = Object.fromEntries(Object.entries(results).map(([name, of]) => [name, median(of.map(({ perCpu }) => perCpu))]));
    console.log(`all ${recorded} statuses are on Kafka; Fedify 2.3.6 takes ${round(rates.fedify, 0)} notes per CPU second`);
    return {
      ours: round(rates.inbox, 0),
      limit: round(rates.bare, 0),
      ratio: round(rates.inbox / rates.bare, 3),
      unit: 'signed statuses per CPU second of the process',
      wanted: WANTED,
      timesFedify: round(rates.inbox / rates.fedify),
      wantedTimesFedify: WANTED_TIMES_FEDIFY,
      perSecond: round(median(results.inbox.map(({ perSecond }) => perSecond)), 0),
      p99Ms: round(median(results.inbox.map(({ p99 }) => p99))),
    };
  } finally {
    for (const stop of stops) await stop();
  }
}
