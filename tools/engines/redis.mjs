// Redis from an installed redis-server, as a plain process that keeps nothing on disk: for tests, development and benchmarks.
//   node tools/engines/redis.mjs start --data DIR [--port N]     runs it until Ctrl-C
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ask, assertFree, EngineProcess, freePort, runUntilSignal, versionOf } from './process.mjs';

const START_MS = 20_000;

/** Why Redis cannot be started here, with the remedy; null when it can. */
export const whyNoRedis = () =>
  versionOf('redis-server', ['--version']) === null ? 'there is no redis-server: install Redis (Debian: apt-get install redis-server)' : null;

/**
 * Starts Redis and resolves once it answers.
 * @param {{ dataDir: string, port?: number, log?: (message: string) => void }} options
 * @throws Error with the remedy, or the last lines of Redis's log
 */
export async function startRedis({ dataDir, port, log = () => undefined }) {
  const reason = whyNoRedis();
  if (reason) throw new Error(reason);
  const directory = path.resolve(dataDir);
  mkdirSync(directory, { recursive: true });
  const own = port ?? (await freePort());
  await assertFree(own);
  const args = ['--port', own, '--bind', '127.0.0.1', '--dir', directory, '--appendonly', 'no', '--save', ''].map(String);
  const server = new EngineProcess({ name: 'Redis', command: 'redis-server', args, cwd: directory, logFile: path.join(directory, 'redis.log') });
  await server.untilReady(async () => (await ask(own, 'PING\r\n'))?.toString().startsWith('+PONG') ?? false, START_MS);
  const url = `redis://127.0.0.1:${own}`;
  log(`Redis runs on ${url} (pid ${server.pid})`);
  return { url, port: own, pid: server.pid, stop: () => server.stop(), kill: () => server.kill() };
}

async function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { data: { type: 'string' }, port: { type: 'string' } } });
  if (positionals[0] !== 'start' || !values.data) throw new Error('usage: redis.mjs start --data DIR [--port N]');
  const port = values.port === undefined ? undefined : Number(values.port);
  await runUntilSignal(() => startRedis({ dataDir: values.data, port, log: (message) => console.error(message) }), 'url');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(`redis: ${error.message}`);
    process.exitCode = 1;
  });
}
