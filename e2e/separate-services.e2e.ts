import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createTestDatabase, describeWithEngine, eventually, freePort, RemoteServer, type TestDatabase } from '@heliograph/testkit';

const workspace = path.resolve(import.meta.dirname, '..');
const SERVICES = ['gateway', 'inbox-ingest', 'status-projection', 'delivery'] as const;
type Service = (typeof SERVICES)[number];

describe('separate services, the event bus on PostgreSQL', () => provesBothJourneys({}));
describeWithEngine('kafka', 'separate services, the event bus on Apache Kafka', (brokers) => provesBothJourneys({ KAFKA_BROKERS: brokers }));

/** The four services as processes of their own on one PostgreSQL, behind a proxy that sends inbox paths to inbox-ingest. */
function provesBothJourneys(engine: Record<string, string>): void {
  let database: TestDatabase;
  let remote: RemoteServer;
  let proxy: Server;
  let origin: string;
  const processes = new Map<Service, ChildProcess>();
  const ports = new Map<Service, number>();
  const log: string[] = [];

  const env = (port: number): Record<string, string | undefined> => ({
    PATH: process.env['PATH'],
    DATABASE_URL: database.url,
    HELIO_PORT: String(port),
    HELIO_HOST: '127.0.0.1',
    HELIO_PUBLIC_URL: origin,
    HELIO_ALLOW_PRIVATE_NETWORK: 'on',
    HELIO_DELIVERY_RETRY_SECONDS: '1',
    HELIO_LOG_LEVEL: 'warn',
    ...engine,
  });
  const run = (app: string, args: readonly string[], port = 0): ChildProcess => {
    const child = spawn(process.execPath, [path.join(workspace, 'apps', app, 'dist/main.js'), ...args], { cwd: workspace, env: env(port) });
    child.stderr.on('data', (chunk: Buffer) => log.push(`${app}: ${chunk.toString()}`));
    return child;
  };
  const helio = async (...args: string[]): Promise<string> => {
    const child = run('cli', args);
    let output = '';
    child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise((resolve) => child.once('exit', resolve));
    if (code !== 0) throw new Error(`helio ${args.join(' ')} ended with ${String(code)}: ${log.join('')}`);
    return output;
  };
  const start = async (service: Service): Promise<void> => {
    const port = ports.get(service) ?? (await freePort());
    ports.set(service, port);
    processes.set(service, run(service, [], port));
    await eventually(async () => {
      const { status } = await fetch(`http://127.0.0.1:${port}/readyz`);
      if (status !== 200) throw new Error(`${service} is not ready: ${log.join('')}`);
    }, 30_000);
  };
  const kill = async (service: Service, signal: NodeJS.Signals): Promise<void> => {
    const child = processes.get(service)!;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  };
  const api = async (method: string, resource: string, token?: string, body?: object): Promise<{ status: number; body: any }> => {
    const headers = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(body ? { 'content-type': 'application/json' } : {}) };
    const response = await fetch(origin + resource, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null };
  };

  beforeAll(async () => {
    [database, remote] = await Promise.all([createTestDatabase(), RemoteServer.start()]);
    proxy = createServer((incoming, outgoing) => {
      const port = ports.get(/^\/(users\/[^/]+\/)?inbox$/.test(incoming.url ?? '') ? 'inbox-ingest' : 'gateway');
      const onward = forward({ host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.writeHead(502).end());
      incoming.pipe(onward);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  }, 60_000);
  afterAll(async () => {
    await Promise.all([...processes.keys()].map((service) => (processes.get(service)!.exitCode === null ? kill(service, 'SIGKILL') : undefined)));
    proxy?.closeAllConnections();
    proxy?.close();
    await remote?.stop();
    await database?.drop();
  }, 60_000);

  test('a service says what to do when the schema is missing', async () => {
    const child = run('gateway', []);
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(1);
    expect(log.join('')).toMatch(/run "npx helio migrate"/);
    log.length = 0;
  });

  test('both journeys cross all of them, also when each is killed in between', async () => {
    expect(await helio('migrate')).toMatch(/migrated/);
    expect(await helio('migrate')).toMatch(/up to date/);
    if (engine['KAFKA_BROKERS']) {
      const copies = ['--replication', '1', '--min-insync-replicas', '1'];
      expect(await helio('topics', 'apply', ...copies)).toMatch(/made: status\.submitted\.v1/);
      expect(await helio('topics', 'apply', ...copies)).toBe('the topics are as they should be\n');
    }
    await Promise.all(SERVICES.map(start));
    const alice = JSON.parse(await helio('account', 'create', 'alice', '--email', 'alice@mail.example', '--password', 'correct horse battery')) as { id: string; token: string };
    const bob = remote.addPerson('bob', { statusHistory: `${remote.origin}/history` });
    const follow = { '@context': 'https://www.w3.org/ns/activitystreams', type: 'Follow', id: `${bob.id}/follows/1`, actor: bob.id, object: alice.id };
    expect((await remote.deliver(bob, `${alice.id}/inbox`, follow)).status).toBe(202);
    await remote.waitFor(({ type }) => type === 'Accept');

    let number = 0;
    for (const service of [null, ...SERVICES]) {
      if (service) {
        await kill(service, 'SIGKILL');
        await start(service);
      }
      number += 1;
      const set = await api('PUT', '/api/status', alice.token, { content: `number ${number}` });
      expect([200, 202]).toContain(set.status);
      await remote.waitFor(({ type, object }) => type === 'Create' && (object as { id: string }).id === set.body.status.id);
      const id = `${bob.id}/statuses/${number}`;
      const object = { type: 'ActorStatus', id, attributedTo: bob.id, content: `number ${number}`, published: new Date(Date.UTC(2026, 0, number)).toISOString() };
      expect((await remote.deliver(bob, `${origin}/inbox`, { type: 'Create', actor: bob.id, object })).status).toBe(202);
      await eventually(async () => expect((await api('GET', `/api/actors/${encodeURIComponent(bob.id)}/status`)).body.status?.id).toBe(id), 30_000);
    }
    const created = remote.received.filter(({ activity }) => activity['type'] === 'Create');
    expect(new Set(created.map(({ activity }) => activity['id'])).size).toBe(number);
  }, 180_000);

  test('each stops gracefully within 10 s', async () => {
    for (const service of SERVICES) {
      const begin = Date.now();
      await kill(service, 'SIGTERM');
      expect({ service, code: processes.get(service)!.exitCode }).toEqual({ service, code: 0 });
      expect(Date.now() - begin).toBeLessThan(10_000);
    }
  }, 60_000);
}
