// Two instances as processes of their own: how long from setting a status to seeing it at the home of a follower elsewhere.
import { setTimeout as sleep } from 'node:timers/promises';
import { Instance } from '../libs/testkit/dist/index.js';
import { percentile, round } from './statistics.mjs';

const STATUSES = 100;
/** What the product promises: within a second. */
const LIMIT_MS = 1000;

export default async function follow() {
  const [east, west] = await Promise.all([Instance.start(), Instance.start()]);
  try {
    const writer = await east.createAccount('alice');
    const reader = await west.createAccount('bob');
    await west.request('POST', '/api/following', { token: reader.token, body: { actor: writer.id } });
    const home = async () => (await west.request('GET', '/api/home', { token: reader.token })).body.items[0]?.status.id;
    const accepted = async () => (await west.request('GET', '/api/following', { token: reader.token })).body.items[0]?.state === 'accepted';
    while (!(await accepted())) await sleep(10);
    const answered = [];
    const visible = [];
    for (let n = 1; n <= STATUSES; n += 1) {
      const begin = performance.now();
      const { body } = await east.request('PUT', '/api/status', { token: writer.token, body: { content: `number ${n}` } });
      answered.push(performance.now() - begin);
      while ((await home()) !== body.status.id) await sleep(1);
      visible.push(performance.now() - begin);
    }
    for (const [what, samples] of Object.entries({ answered, visible })) {
      console.log(`${what}: ${[0.5, 0.95, 0.99, 1].map((p) => `p${p * 100} ${round(percentile(samples, p))} ms`).join(', ')}`);
    }
    const ours = round(percentile(visible, 0.95));
    return { ours, limit: LIMIT_MS, ratio: round(ours / LIMIT_MS, 3), unit: 'ms, p95, set to visible at the follower', statuses: STATUSES };
  } finally {
    await Promise.all([east.dispose(), west.dispose()]);
  }
}
