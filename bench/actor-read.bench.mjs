// GET /users/NAME as activity+json from a real gateway with a real Redis, all documents cached: requests per second against a bare node:http
// server that sends the same bytes, over the same connections; then the latency at half of that rate. ACTOR_READ_PROFILE=DIR: CPU profile there.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGateway } from './actor-read/gateway.mjs';
import { cpuSeconds } from './cpu-seconds.mjs';
import { load, writeRequests } from './load/generator.mjs';
import { percentile, round } from './statistics.mjs';

const PEOPLE = 1_000;
const CONNECTIONS = 64;
const ROUNDS = 5;
const REQUESTS = 30_000;
const WARM_UP = 30_000;
const PACED_SECONDS = 10;
/** Least share of the bare server's rate, and longest p99 at half of ours, in milliseconds. */
const WANTED = 0.6;
const WANTED_P99_MS = 20;
const ACCEPT = 'application/activity+json';
/** What belongs to one answer, not to what is answered. */
const HOP_BY_HOP = new Set(['date', 'connection', 'keep-alive']);

async function startBare(answers) {
  const child = fork(path.join(import.meta.dirname, 'actor-read/bare-server.mjs'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send({ answers });
  const [{ port }] = await once(child, 'message');
  return { port, pid: child.pid, stop: () => child.kill() };
}

const median = (values) => percentile(values, 0.5);
const pathOf = (i) => `/users/person${(i % PEOPLE) + 1}`;

async function answersOf({ origin }) {
  return Promise.all(
    Array.from({ length: PEOPLE }, async (_, i) => {
      const response = await fetch(origin + pathOf(i), { headers: { accept: ACCEPT } });
      if (response.status !== 200) throw new Error(`${pathOf(i)} answered ${response.status}`);
      const body = await response.text();
      if (JSON.parse(body).status?.content !== `Reading page ${i + 1} of a book about status updates`) throw new Error(`${pathOf(i)} is not the right document: ${body}`);
      return { path: pathOf(i), headers: Object.fromEntries([...response.headers].filter(([name]) => !HOP_BY_HOP.has(name))), body };
    }),
  );
}

async function writeLoad(file, { port }, count) {
  writeRequests(file, Array.from({ length: count }, (_, i) => Buffer.from(`GET ${pathOf(i)} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: ${ACCEPT}\r\n\r\n`)));
  return file;
}

/** @returns requests per second, and per CPU second of the server */
async function send(server, file, rate) {
  const [before, redisBefore] = [cpuSeconds(server.pid), server.redisPid ? cpuSeconds(server.redisPid) : 0];
  const { statuses, seconds, latencies, busy } = await load({ port: server.port, file, connections: CONNECTIONS, rate });
  if (statuses['200'] !== latencies.length) throw new Error(`answered ${JSON.stringify(statuses)}, all should be 200`);
  const each = (spent) => (spent / latencies.length) * 1e6;
  return {
    perSecond: latencies.length / seconds,
    microseconds: each(cpuSeconds(server.pid) - before),
    busy,
    redisMicroseconds: server.redisPid ? each(cpuSeconds(server.redisPid) - redisBefore) : 0,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    most: latencies.at(-1),
  };
}

export default async function actorRead() {
  const dir = await mkdtemp(path.join(tmpdir(), 'heliograph-bench-'));
  const stops = [() => rm(dir, { recursive: true, force: true })];
  try {
    const profile = process.env.ACTOR_READ_PROFILE;
    const gateway = await startGateway(PEOPLE, profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []);
    stops.unshift(() => gateway.stop());
    // Redis is believed when it has answered for a while.
    while ((await answersOf(gateway), await gateway.hits()) < PEOPLE) await sleep(200);
    const answers = await answersOf(gateway);
    const bare = await startBare(answers);
    stops.unshift(bare.stop);
    const contestants = Object.entries({ gateway, bare });
    for (const [name, server] of contestants) await send(server, await writeLoad(path.join(dir, `${name} warm-up`), server, WARM_UP));

    const results = { gateway: [], bare: [] };
    const before = await gateway.hits();
    for (let i = 1; i <= ROUNDS; i += 1) {
      for (const [name, server] of contestants) {
        const result = await send(server, await writeLoad(path.join(dir, name), server, REQUESTS));
        results[name].push(result);
        const { perSecond, microseconds, redisMicroseconds, p99, busy } = result;
        console.log(`round ${i}: ${name.padEnd(7)} ${round(perSecond, 0)} per second, ${round(microseconds)} µs of CPU each${redisMicroseconds ? ` and ${round(redisMicroseconds)} of Redis` : ''}, p99 ${round(p99)} ms, generator ${round(busy * 100, 0)}% of a core`);
      }
    }
    const hits = (await gateway.hits()) - before;
    // An entry lives for a minute at most: each is written anew now and then.
    if (hits < 0.95 * ROUNDS * REQUESTS) throw new Error(`only ${hits} of ${ROUNDS * REQUESTS} documents were ready`);
    const [ours, limit] = ['gateway', 'bare'].map((name) => median(results[name].map(({ perSecond }) => perSecond)));

    const rate = ours / 2;
    const paced = {};
    for (const [name, server] of contestants) {
      paced[name] = await send(server, await writeLoad(path.join(dir, `${name} paced`), server, Math.round(rate * PACED_SECONDS)), rate);
      const { perSecond, p50, p99, most } = paced[name];
      console.log(`paced: ${name.padEnd(7)} ${round(perSecond, 0)} per second, p50 ${round(p50)} ms, p99 ${round(p99)} ms, longest ${round(most)} ms`);
    }
    return {
      ours: round(ours, 0),
      limit: round(limit, 0),
      ratio: round(ours / limit, 3),
      unit: 'actor documents per second',
      wanted: WANTED,
      p99MsAtHalf: round(paced.gateway.p99),
      wantedP99Ms: WANTED_P99_MS,
      ready: round(hits / (ROUNDS * REQUESTS), 4),
    };
  } finally {
    for (const stop of stops) await stop();
  }
}
