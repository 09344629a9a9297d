// PgBouncer in transaction mode in front of a PostgreSQL, from an installed pgbouncer: for tests.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ask, EngineProcess, freePort, versionOf } from './process.mjs';

const START_MS = 20_000;
/** Connections to PostgreSQL for each database: fewer than the clients have, so that they have to share. */
const SERVER_CONNECTIONS = 5;
/** Begins every connection that may be encrypted; the answer is one letter. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Why PgBouncer cannot be started here, with the remedy; null when it can. */
export const whyNoPgbouncer = () =>
  versionOf('pgbouncer', ['--version']) === null ? 'there is no pgbouncer: install PgBouncer (Debian: apt-get install pgbouncer)' : null;

/**
 * Starts PgBouncer with its defaults but for the pool mode, and resolves once it answers. It lets everybody in to every database of the
 * server, as the user of `databaseUrl`.
 * @param {{ dataDir: string, databaseUrl: string }} options
 * @throws Error with the remedy, or the last lines of PgBouncer's log
 */
export async function startPgbouncer({ dataDir, databaseUrl }) {
  const reason = whyNoPgbouncer();
  if (reason) throw new Error(reason);
  const directory = path.resolve(dataDir);
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  const { hostname, port: serverPort, username, password } = new URL(databaseUrl);
  const quoted = (value) => `'${decodeURIComponent(value).replaceAll("'", "''")}'`;
  const server = { host: hostname, port: serverPort || 5432, user: quoted(username), ...(password ? { password: quoted(password) } : {}) };
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    pool_mode: 'transaction',
    default_pool_size: SERVER_CONNECTIONS,
    max_client_conn: 500,
    auth_type: 'any',
    // It refuses to run as root.
    ...(process.getuid?.() === 0 ? { user: 'nobody' } : {}),
  };
  const lines = (values) => Object.entries(values).map(([name, value]) => `${name} = ${value}`);
  const file = path.join(directory, 'pgbouncer.ini');
  const database = Object.entries(server).map(([name, value]) => `${name}=${value}`).join(' ');
  writeFileSync(file, ['[databases]', `* = ${database}`, '[pgbouncer]', ...lines(settings), ''].join('\n'));
  chmodSync(directory, 0o755);
  const bouncer = new EngineProcess({ name: 'PgBouncer', command: 'pgbouncer', args: [file], cwd: directory, logFile: path.join(directory, 'pgbouncer.log') });
  await bouncer.untilReady(async () => (await ask(port, SSL_REQUEST)) !== null, START_MS);
  return { url: `postgres://${username}@127.0.0.1:${port}`, pid: bouncer.pid, stop: () => bouncer.stop(), kill: () => bouncer.kill() };
}
