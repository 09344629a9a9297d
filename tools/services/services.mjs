// `npm run services`: real engines and the four services as processes of their own on this machine, without Docker, behind one port.
// DATABASE_URL, KAFKA_BROKERS and REDIS_URL name engines that run already; what they do not name is started: PostgreSQL from npm, Apache Kafka
// on Java, and Redis where it is installed: without it everything works, slower.
import { spawn } from 'node:child_process';
import { createServer, request as forward } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgres } from '../../libs/engines/dist/embedded/embedded-postgres.js';
import { startKafka } from '../engines/kafka.mjs';
import { startRedis, whyNoRedis } from '../engines/redis.mjs';
import { NODE_ARGS } from './node-args.mjs';

const root = path.join(import.meta.dirname, '../..');
const port = Number(process.env.HELIO_PORT || 8080);
const dataDir = path.resolve(process.env.HELIO_DATA_DIR || './.helio-services');
const PORTS = { gateway: port + 1, 'inbox-ingest': port + 2, 'status-projection': port + 3, delivery: port + 4 };
/** As the Ingress of a larger installation does it. */
const INBOX = /^\/(?:users\/[^/?]+\/)?inbox(?:\?|$)/;

const say = (message) => console.error(`services: ${message}`);
const stops = [];
let stopping = false;

async function stop(code) {
  // Ctrl-C reaches us twice: from the terminal, and from npm.
  if (stopping) return;
  stopping = true;
  for (const end of stops.reverse()) await end();
  process.exit(code);
}
process.on('SIGINT', () => void stop(0));
process.on('SIGTERM', () => void stop(0));

async function engines() {
  let { DATABASE_URL: database, KAFKA_BROKERS: brokers, REDIS_URL: cache } = process.env;
  if (!database) {
    const postgres = await EmbeddedPostgres.start({ dataDir, supervise: true, log: say });
    stops.push(() => postgres.stop());
    database = postgres.url;
  }
  if (!brokers) {
    const kafka = await startKafka({ dataDir: path.join(dataDir, 'kafka'), log: say });
    stops.push(kafka.stop);
    brokers = kafka.brokers;
  }
  const reason = cache ? null : whyNoRedis();
  if (reason) say(`without Redis: ${reason}`);
  else if (!cache) {
    const redis = await startRedis({ dataDir: path.join(dataDir, 'redis'), log: say });
    stops.push(redis.stop);
    cache = redis.url;
  }
  return { DATABASE_URL: database, KAFKA_BROKERS: brokers, REDIS_URL: cache ?? '' };
}

const node = (app, args, env) => spawn(process.execPath, [...NODE_ARGS, path.join(root, 'apps', app, 'dist/main.js'), ...args], { cwd: root, env, stdio: 'inherit', detached: true });
const ended = (child) => new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));

async function helio(env, ...args) {
  const result = await ended(node('cli', args, env));
  if (result !== 0) throw new Error(`helio ${args.join(' ')} ended with ${result}`);
}

/** One service; started again when it ends without being asked to. */
function run(name, env) {
  let child = null;
  const start = () => {
    child = node(name, [], { ...env, HELIO_PORT: String(PORTS[name]) });
    child.once('exit', (code, signal) => {
      if (stopping) return;
      say(`${name} ended (${code ?? signal}): starting it again`);
      setTimeout(start, 500);
    });
  };
  start();
  stops.push(async () => {
    const gone = ended(child);
    child.kill('SIGTERM');
    await gone;
  });
}

function proxy(incoming, outgoing) {
  const target = INBOX.test(incoming.url) ? PORTS['inbox-ingest'] : PORTS.gateway;
  const onward = forward({ host: '127.0.0.1', port: target, method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()));
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

async function ready(name) {
  while (!stopping) {
    const answer = await fetch(`http://127.0.0.1:${PORTS[name]}/readyz`).catch(() => null);
    if (answer?.status === 200) return;
    await sleep(100);
  }
}

try {
  const found = await engines();
  const env = { ...process.env, HELIO_PUBLIC_URL: process.env.HELIO_PUBLIC_URL || `http://localhost:${port}`, ...found };
  await helio(env, 'migrate');
  // One broker of our own keeps one copy; what KAFKA_BROKERS names is looked after by whoever runs it.
  if (!process.env.KAFKA_BROKERS) await helio(env, 'topics', 'apply', '--replication', '1', '--min-insync-replicas', '1');
  for (const name of Object.keys(PORTS)) run(name, env);
  const server = createServer(proxy).listen(port);
  stops.push(() => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())));
  await Promise.all(Object.keys(PORTS).map(ready));
  say(`all services are ready behind ${env.HELIO_PUBLIC_URL} (port ${port})`);
  for (const [name, own] of Object.entries(PORTS)) say(`  ${name.padEnd(18)} http://127.0.0.1:${own}  (/readyz, /metrics)`);
  const named = Object.entries({ ...found, HELIO_PUBLIC_URL: env.HELIO_PUBLIC_URL }).filter(([, value]) => value);
  say(`helio: ${named.map(([name, value]) => `${name}='${value}'`).join(' ')} npx helio …`);
} catch (error) {
  say(error.message);
  await stop(1);
}
