import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

const workspace = path.resolve(import.meta.dirname, '../../..');

/** Arguments of node in the script `start`: instances under test run as `npm start` runs them. */
const START = (JSON.parse(readFileSync(path.join(workspace, 'package.json'), 'utf8')) as { scripts: { start: string } }).scripts.start.split('exec node ')[1]!.split(' ');
const AS2 = 'application/activity+json';

export interface InstanceAccount {
  readonly name: string;
  /** IRI of the actor. */
  readonly id: string;
  readonly token: string;
}

/** The whole of Heliograph as a process of its own, on the embedded default, as `npm start` runs it. */
export class Instance {
  readonly origin: string;
  readonly #dataDir: string;
  readonly #env: Record<string, string>;
  readonly #port: number;
  #process: ChildProcess | undefined;
  #log = '';

  private constructor(port: number, dataDir: string, env: Record<string, string>) {
    this.#port = port;
    this.#dataDir = dataDir;
    this.origin = `http://127.0.0.1:${port}`;
    this.#env = {
      HELIO_PORT: String(port),
      HELIO_HOST: '127.0.0.1',
      HELIO_PUBLIC_URL: this.origin,
      HELIO_DATA_DIR: dataDir,
      HELIO_ALLOW_PRIVATE_NETWORK: 'on',
      HELIO_DELIVERY_RETRY_SECONDS: '1',
      HELIO_LOG_LEVEL: 'warn',
      DATABASE_URL: '',
      ...env,
    };
  }

  /** A new instance with an empty data directory, not started. */
  static async prepare(env: Record<string, string> = {}): Promise<Instance> {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'heliograph-instance-'));
    // As root, PostgreSQL runs as another user, who has to get in.
    await chmod(dataDir, 0o755);
    return new Instance(await freePort(), dataDir, env);
  }

  /** A new instance, started. */
  static async start(env: Record<string, string> = {}): Promise<Instance> {
    const instance = await Instance.prepare(env);
    await instance.up();
    return instance;
  }

  /** Starts the process and waits until it is ready. */
  async up(): Promise<void> {
    const child = spawn(process.execPath, START, {
      cwd: workspace,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (this.#log = (this.#log + chunk.toString()).slice(-20_000)));
    await eventually(async () => {
      if (child.exitCode !== null) return;
      const { status } = await fetch(`${this.origin}/readyz`);
      if (status !== 200) throw new Error(`not ready: ${this.#log}`);
    }, 60_000);
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${this.#log}`);
  }

  /** What the process wrote, the last 20 kB. */
  get log(): string {
    return this.#log;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Process id of its PostgreSQL. */
  async postgresPid(): Promise<number> {
    const file = await eventually(() => readFile(path.join(this.#dataDir, 'postgres', 'postmaster.pid'), 'utf8'));
    return Number(file.split('\n')[0]);
  }

  /** Ends the process and waits until it is gone. */
  async down(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  }

  /** Stops everything, and removes the data. */
  async dispose(): Promise<void> {
    await this.down();
    await this.#endPostgres();
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  /** After a kill -9 of its owner PostgreSQL lives on. */
  async #endPostgres(): Promise<void> {
    const file = await readFile(path.join(this.#dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '');
    const pid = Number(file.split('\n')[0]);
    if (!pid) return;
    try {
      process.kill(pid, 'SIGQUIT');
      await eventually(() => {
        try {
          process.kill(pid, 0);
        } catch {
          return;
        }
        throw new Error(`PostgreSQL ${pid} does not end`);
      });
    } catch {
      // Gone already.
    }
  }

  /** Runs `helio` with this instance's environment. */
  async helio(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return promisify(execFile)(process.execPath, [path.join(workspace, 'apps/cli/dist/main.js'), ...args], {
      cwd: workspace,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...this.#env },
    });
  }

  async createAccount(name: string, ...options: string[]): Promise<InstanceAccount> {
    const { stdout } = await this.helio('account', 'create', name, '--email', `${name}@mail.example`, '--password', 'correct horse battery', ...options);
    return JSON.parse(stdout) as InstanceAccount;
  }

  /** A request to this instance; an object as `body` goes as JSON. */
  async request(method: string, pathOrUrl: string, options: { token?: string; body?: unknown; headers?: Record<string, string>; accept?: string } = {}): Promise<{ status: number; headers: Headers; body: any }> {
    const { token, body, headers = {}, accept } = options;
    const response = await fetch(new URL(pathOrUrl, this.origin), {
      method,
      redirect: 'manual',
      headers: {
        ...(accept ? { accept } : {}),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: json && text ? JSON.parse(text) : text };
  }

  /** An ActivityPub document of this instance. */
  document(pathOrUrl: string): ReturnType<Instance['request']> {
    return this.request('GET', pathOrUrl, { accept: AS2 });
  }
}
