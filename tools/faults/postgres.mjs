// The embedded PostgreSQL as a process that can be stopped, killed, frozen for a backup, and restored.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findBinaries } from '../../libs/engines/dist/embedded/binaries.js';
import { EmbeddedPostgres } from '../../libs/engines/dist/embedded/embedded-postgres.js';
import { postgresUser, reachableBinaries } from '../../libs/engines/dist/embedded/run-as.js';
import { freePort } from '../engines/process.mjs';
import { childrenOf, freeze, thaw } from './processes.mjs';

/** Durable, as in production; the log of changes is kept short, since each backup copies it. */
const SETTINGS = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '150', max_wal_size: '96MB', log_min_messages: 'warning' };
const START_MS = 60_000;
const STOP_MS = 20_000;

/** One cluster in `dataDir`; its port stays the same. */
export class Postgres {
  #cluster;
  #logFile;
  #port;
  #child = null;
  #killOnExit = () => this.#child?.kill('SIGQUIT');

  constructor(dataDir, port, url) {
    this.#cluster = path.join(dataDir, 'postgres');
    this.#logFile = path.join(dataDir, 'postgres.log');
    this.#port = port;
    this.url = url;
    process.once('exit', this.#killOnExit);
  }

  /** @param {string} dataDir new, absolute, and open to the user that PostgreSQL runs as */
  static async create(dataDir) {
    // Makes cluster, role, password and database.
    const first = await EmbeddedPostgres.start({ dataDir, log: () => undefined });
    const url = new URL(first.url);
    await first.stop();
    url.port = String(await freePort());
    const postgres = new Postgres(dataDir, Number(url.port), url.href);
    await postgres.start();
    return postgres;
  }

  get running() {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts it and waits until it answers. @throws Error when it does not within a minute */
  async start() {
    const deadline = Date.now() + START_MS;
    while (!(await this.#answers())) {
      // After a kill -9 it refuses to start until the last process of its former life is gone.
      if (!this.running) this.#spawn();
      if (Date.now() > deadline) throw new Error(`PostgreSQL does not start; its log is ${this.#logFile}`);
      await sleep(100);
    }
  }

  /** Fast shutdown: open transactions are rolled back. */
  async stop() {
    await this.#end('SIGINT');
  }

  async kill() {
    const family = [...(await childrenOf(this.#child.pid))];
    await this.#end('SIGKILL');
    const deadline = Date.now() + STOP_MS;
    while (family.some(isAlive) && Date.now() < deadline) await sleep(20);
  }

  /**
   * Copies the cluster as it is at one instant, as a snapshot of its volume would: all its processes stand still meanwhile. What comes
   * back of it is what a crash at that instant would have left.
   */
  async backUp(directory) {
    const family = await freeze(this.#child.pid);
    try {
      await copy(this.#cluster, directory);
    } finally {
      thaw(family);
    }
  }

  /** Puts a backup in the place of what is there. It must not run. */
  async restore(directory) {
    await rename(this.#cluster, `${this.#cluster}.lost`);
    await copy(directory, this.#cluster);
    await rm(path.join(this.#cluster, 'postmaster.pid'), { force: true });
    await rm(`${this.#cluster}.lost`, { recursive: true });
  }

  /** Runs one statement, or several without parameters. */
  async query(sql, values = undefined) {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(sql, values)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  #spawn() {
    const user = postgresUser();
    const { nativeDir, version } = findBinaries();
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const log = openSync(this.#logFile, 'a');
    const program = path.join(reachableBinaries(nativeDir, version, user), 'bin', 'postgres');
    this.#child = spawn(program, ['-D', this.#cluster, '-p', String(this.#port), ...settings], { cwd: '/', detached: true, stdio: ['ignore', log, log], ...user });
    closeSync(log);
  }

  async #answers() {
    return this.running && (await this.query('SELECT 1').then(() => true, () => false));
  }

  async #end(signal) {
    if (!this.running) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill(signal);
    await ended;
  }
}

/** With owners and modes. */
async function copy(from, to) {
  const child = spawn('cp', ['-a', from, to], { stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`cannot copy ${from} to ${to}`);
}

function isAlive(pid) {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
