import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

const workspace = path.resolve(import.meta.dirname, '../../..');
export const SERVICES = ['gateway', 'inbox-ingest', 'status-projection', 'delivery'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** The four services as processes of their own on one PostgreSQL, behind a proxy that sends inbox paths to inbox-ingest. */
export class SeparateServices {
  readonly database: TestDatabase;
  /** Where the proxy listens. */
  readonly origin: string;
  readonly #proxy: Server;
  readonly #env: Readonly<Record<string, string>>;
  readonly #ports = new Map<string, number>();
  /** By name, `#2` and so on behind it for further processes of a service. */
  readonly #processes = new Map<string, ChildProcess>();
  readonly #log: string[] = [];

  private constructor(database: TestDatabase, proxy: Server, env: Readonly<Record<string, string>>) {
    this.database = database;
    this.#proxy = proxy;
    this.#env = env;
    this.origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    proxy.on('request', (incoming, outgoing) => {
      const port = this.portOf(/^\/(users\/[^/]+\/)?inbox$/.test(incoming.url ?? '') ? 'inbox-ingest' : 'gateway');
      const onward = forward({ host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.writeHead(502).end());
      incoming.pipe(onward);
    });
  }

  /** A database and a proxy; no service runs yet, and the schema is missing. @param env as of the database, beside what every process gets */
  static async prepare(env: (database: TestDatabase) => Readonly<Record<string, string>>): Promise<SeparateServices> {
    const database = await createTestDatabase();
    const proxy = createServer();
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    return new SeparateServices(database, proxy, env(database));
  }

  /** What the processes wrote to their standard error, each line with the name of its process. */
  get log(): string {
    return this.#log.join('');
  }

  /** The lines of the log that are JSON, with the name of their process. */
  get logged(): readonly (Record<string, unknown> & { readonly process: string })[] {
    const lines = this.log.split('\n').flatMap((line) => /^([\w#-]+): (\{.*\})$/.exec(line) ?? []);
    return Array.from({ length: lines.length / 3 }, (_, i) => ({ ...(JSON.parse(lines[3 * i + 2]!) as Record<string, unknown>), process: lines[3 * i + 1]! }));
  }

  forgetLog(): void {
    this.#log.length = 0;
  }

  portOf(name: string): number {
    return this.#ports.get(name) ?? 0;
  }

  processOf(name: string): ChildProcess {
    return this.#processes.get(name)!;
  }

  /** Runs an application; `args` for the command line. */
  run(app: string, args: readonly string[] = [], port = 0, name = app): ChildProcess {
    const child = spawn(process.execPath, [path.join(workspace, 'apps', app, 'dist/main.js'), ...args], { cwd: workspace, env: this.#environment(port) });
    let rest = '';
    child.stderr.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop()!;
      this.#log.push(...lines.map((line) => `${name}: ${line}\n`));
    });
    return child;
  }

  /** Runs `helio`; what it printed. @throws Error with the log when it fails */
  async helio(...args: string[]): Promise<string> {
    const child = this.run('cli', args);
    let output = '';
    child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`helio ${args.join(' ')} ended with ${String(code)}: ${this.log}`);
    return output;
  }

  async createAccount(name: string): Promise<{ readonly id: string; readonly token: string }> {
    return JSON.parse(await this.helio('account', 'create', name, '--email', `${name}@mail.example`, '--password', 'correct horse battery')) as { id: string; token: string };
  }

  /** Starts a service, at the port it had before if it did, and waits until it is ready. @param name for one of several processes of a service */
  async start(service: ServiceName, name: string = service): Promise<void> {
    const port = this.#ports.get(name) ?? (await freePort());
    this.#ports.set(name, port);
    this.#processes.set(name, this.run(service, [], port, name));
    await eventually(async () => {
      const { status } = await fetch(`http://127.0.0.1:${port}/readyz`);
      if (status !== 200) throw new Error(`${name} is not ready: ${this.log}`);
    }, 30_000);
  }

  /** Sends the signal and waits for the end; exit status, null when the signal killed it. */
  async kill(name: string, signal: NodeJS.Signals): Promise<number | null> {
    const child = this.processOf(name);
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
    return child.exitCode;
  }

  /** A request to the REST API. */
  async api(method: string, resource: string, token?: string, body?: object, headers: Record<string, string> = {}): Promise<{ status: number; body: any }> {
    const given = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(body ? { 'content-type': 'application/json' } : {}), ...headers };
    const response = await fetch(this.origin + resource, { method, headers: given, ...(body ? { body: JSON.stringify(body) } : {}) });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null };
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#processes.keys()].map((name) => this.kill(name, 'SIGKILL')));
    this.#proxy.closeAllConnections();
    this.#proxy.close();
    await this.database.drop();
  }

  #environment(port: number): Record<string, string | undefined> {
    return {
      PATH: process.env['PATH'],
      DATABASE_URL: this.database.url,
      HELIO_PORT: String(port),
      HELIO_HOST: '127.0.0.1',
      HELIO_PUBLIC_URL: this.origin,
      HELIO_ALLOW_PRIVATE_NETWORK: 'on',
      HELIO_DELIVERY_RETRY_SECONDS: '1',
      HELIO_LOG_LEVEL: 'warn',
      ...this.#env,
    };
  }
}
