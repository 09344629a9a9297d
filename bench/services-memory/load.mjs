// Steady, mixed load on the four services: statuses from everywhere, people who set theirs, readers of any actor, and open streams.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { personOf, signedCreate } from '../remote-people.mjs';

/** A second, of each kind. */
const RATES = { received: 30, set: 1, readActor: 20, readDocument: 10, reconnect: 0.5 };
const STREAMS = 50;

/**
 * Runs until `signal` aborts, and rejects when an answer is not what it should be.
 * @param writers accounts here, with tokens, whose statuses are delivered. @param actors how many people there are elsewhere
 * @returns how many requests of each kind were answered
 */
export async function steadyLoad({ services, keys, actors, writers, signal }) {
  const inbox = new Pool(`http://127.0.0.1:${services.ports['inbox-ingest']}`, { connections: 32 });
  const gateway = new Pool(services.origin, { connections: 32 });
  // Each stream keeps its connection.
  const streaming = new Pool(services.origin, { connections: 2 * STREAMS });
  const done = Object.fromEntries(Object.keys(RATES).map((kind) => [kind, 0]));
  const streams = [];
  const anybody = () => Math.floor(Math.random() * actors);

  const ask = async (pool, expected, request) => {
    const { statusCode, body } = await pool.request(request);
    await body.dump();
    if (!expected.includes(statusCode)) throw new Error(`${request.method} ${request.path} was answered with ${statusCode}`);
  };
  const openStream = async () => {
    const { statusCode, body } = await streaming.request({ method: 'GET', path: `/api/stream?actor=${encodeURIComponent(writers[streams.length % writers.length].id)}` });
    if (statusCode !== 200) throw new Error(`the stream answered ${statusCode}`);
    body.on('error', () => undefined).resume();
    streams.push(body);
  };
  const act = {
    received: (n) => ask(inbox, [202], signedCreate(personOf(keys, anybody()), n, services.origin)),
    set: (n) =>
      // 202: it is recorded, and shows in more than 5 s.
      ask(gateway, [200, 202], {
        method: 'PUT',
        path: '/api/status',
        headers: { authorization: `Bearer ${writers[n % writers.length].token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ content: `number ${n}` }),
      }),
    readActor: () => ask(gateway, [200], { method: 'GET', path: `/api/actors/${encodeURIComponent(personOf(keys, anybody()).id)}/status` }),
    readDocument: (n) => ask(gateway, [200], { method: 'GET', path: new URL(writers[n % writers.length].id).pathname, headers: { accept: 'application/activity+json' } }),
    reconnect: async () => {
      streams.shift()?.destroy();
      await openStream();
    },
  };
  try {
    for (let n = 0; n < STREAMS; n += 1) await openStream();
    await Promise.all(
      Object.entries(RATES).map(async ([kind, rate]) => {
        const begin = performance.now();
        const running = new Set();
        let failure = null;
        for (let n = 0; !signal.aborted && !failure; n += 1) {
          const wait = begin + (1000 * n) / rate - performance.now();
          if (wait > 0) await sleep(wait);
          const one = act[kind](n).then(
            () => (done[kind] += 1),
            (error) => (failure ??= error),
          );
          running.add(one);
          void one.then(() => running.delete(one));
        }
        await Promise.all(running);
        if (failure) throw failure;
      }),
    );
    return done;
  } finally {
    for (const stream of streams) stream.destroy();
    await Promise.all([inbox.destroy(), gateway.destroy(), streaming.destroy()]);
  }
}
