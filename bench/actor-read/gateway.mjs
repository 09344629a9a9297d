// The real gateway as a process of its own, on PostgreSQL and Redis, with people who have a status each.
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDataSource } from '../../libs/engines/dist/index.js';
import { makeEvent } from '../../libs/status/dist/index.js';
import { StatusProjection } from '../../libs/status-store/dist/index.js';
import { freePort } from '../../tools/engines/process.mjs';
import { startRedis } from '../../tools/engines/redis.mjs';
import { startPostgres } from '../engines.mjs';

const MAIN = path.join(import.meta.dirname, '../../apps/gateway/dist/main.js');

/** People `person1` … with one key for all, since making keys takes long, and a status each, projected as any other. */
async function fill(databaseUrl, origin, count) {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
  const dataSource = await openDataSource(databaseUrl, 2);
  await dataSource.query(
    `INSERT INTO account (name, email, password_hash, history, bio, public_key_pem, private_key_pem)
     SELECT 'person' || n, 'person' || n || '@mail.example', 'none', true, 'Somebody who is person number ' || n || ' of this server.', $2, $3 FROM generate_series(1, $1::int) n`,
    [count, keys.publicKey, keys.privateKey],
  );
  const published = new Date().toISOString();
  const events = Array.from({ length: count }, (_, i) => {
    const actor = `${origin}/users/person${i + 1}`;
    const content = { text: `Reading page ${i + 1} of a book about status updates`, language: null, attachment: null };
    return makeEvent('StatusPublished', { actor, statusId: `${actor}/statuses/${i + 1}`, published, content, endTime: null, keep: true }, { receivedAt: published, origin: 'local' });
  });
  await new StatusProjection(dataSource).apply(events);
  await dataSource.destroy();
}

/** @param count people; @param {string[]} nodeArgs such as `--cpu-prof` */
export async function startGateway(count, nodeArgs = []) {
  const scratch = await mkdtemp(path.join(tmpdir(), 'heliograph-bench-'));
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis({ dataDir: path.join(scratch, 'redis') })]);
  const databaseUrl = await postgres.createDatabase();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  await fill(databaseUrl, origin, count);
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    HELIO_HOST: '127.0.0.1',
    HELIO_PORT: String(port),
    HELIO_PUBLIC_URL: origin,
    HELIO_LOG_LEVEL: 'warn',
  };
  const child = spawn(process.execPath, [...nodeArgs, MAIN], { cwd: scratch, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const ready = () => fetch(`${origin}/readyz`).then(({ status }) => status === 200, () => false);
  while (!(await ready())) {
    if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`);
    await sleep(50);
  }
  return {
    origin,
    port,
    pid: child.pid,
    redisPid: redis.pid,
    /** How many documents were ready, as Redis said. */
    async hits() {
      const text = await (await fetch(`${origin}/metrics`)).text();
      return Number(/^heliograph_actor_document_total\{from="redis",result="hit"\} (\d+)/m.exec(text)?.[1] ?? 0);
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await Promise.all([postgres.stop(), redis.stop()]);
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
