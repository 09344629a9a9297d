import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTestDatabase, describeWithEngine, eventually, freePort, type TestDatabase } from '@heliograph/testkit';
import { type RunningRedis, startRedis } from '../tools/engines/redis.mjs';

const workspace = path.resolve(import.meta.dirname, '..');
const AS2 = 'application/activity+json';

/** Two gateways and a projection as processes of their own, on one PostgreSQL and a Redis that can be killed. */
describeWithEngine('redis', 'actor documents of two gateways', () => {
  let database: TestDatabase;
  let redis: RunningRedis;
  let dataDir: string;
  let ports: readonly [number, number, number];
  const processes: ChildProcess[] = [];
  const log: string[] = [];

  const run = (app: string, args: readonly string[], port = 0): ChildProcess => {
    const env = {
      PATH: process.env['PATH'],
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      HELIO_PORT: String(port),
      HELIO_HOST: '127.0.0.1',
      HELIO_PUBLIC_URL: `http://127.0.0.1:${ports[0]}`,
      HELIO_LOG_LEVEL: 'error',
    };
    const child = spawn(process.execPath, [path.join(workspace, 'apps', app, 'dist/main.js'), ...args], { cwd: workspace, env });
    child.stderr.on('data', (chunk: Buffer) => log.push(`${app}: ${chunk.toString()}`));
    return child;
  };
  const helio = async (...args: string[]): Promise<string> => {
    const child = run('cli', args);
    let output = '';
    child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`helio ${args.join(' ')} ended with ${String(code)}: ${log.join('')}`);
    return output;
  };
  const createAccount = async (name: string): Promise<string> =>
    (JSON.parse(await helio('account', 'create', name, '--email', `${name}@mail.example`, '--password', 'correct horse battery')) as { token: string }).token;

  const get = (gateway: 0 | 1, name: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(`http://127.0.0.1:${ports[gateway]}/users/${name}`, { method, headers: { accept: AS2, ...headers } });
  const statusOf = async (gateway: 0 | 1, name: string): Promise<string | undefined> => {
    const response = await get(gateway, name);
    expect(response.status).toBe(200);
    return ((await response.json()) as { status?: { content: string } }).status?.content;
  };
  /** Sets or clears by way of the first gateway, which has to say that readers can see it. */
  const set = async (token: string, body: object | null): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${ports[0]}/api/status`, {
      method: body ? 'PUT' : 'DELETE',
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(response.status).toBe(200);
  };
  const metric = async (gateway: 0 | 1, line: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${ports[gateway]}/metrics`)).text();
    return Number(text.split('\n').find((found) => found.startsWith(`${line} `))?.slice(line.length + 1) ?? 0);
  };
  const HIT = 'heliograph_actor_document_total{from="redis",result="hit"}';
  /** Until the gateway believes Redis: from then on Redis's word is tested. */
  const servedFromRedis = (name: string): Promise<void[]> =>
    Promise.all(
      ([0, 1] as const).map((gateway) =>
        eventually(async () => {
          const before = await metric(gateway, HIT);
          await get(gateway, name);
          expect(await metric(gateway, HIT)).toBeGreaterThan(before);
        }, 30_000),
      ),
    );

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'heliograph-redis-'));
    database = await createTestDatabase();
    redis = await startRedis({ dataDir });
    ports = [await freePort(), await freePort(), await freePort()];
    await helio('migrate');
    for (const [i, app] of ['gateway', 'gateway', 'status-projection'].entries()) processes.push(run(app, [], ports[i]));
    await Promise.all(
      ports.map((port) =>
        eventually(async () => {
          const { status } = await fetch(`http://127.0.0.1:${port}/readyz`);
          if (status !== 200) throw new Error(`not ready: ${log.join('')}`);
        }, 60_000),
      ),
    );
  }, 90_000);
  afterAll(async () => {
    for (const child of processes) child.kill('SIGKILL');
    await redis?.kill();
    await database?.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('what one has confirmed, the other shows: set, replaced, cleared', async () => {
    const token = await createAccount('alice');
    await servedFromRedis('alice');
    for (let n = 1; n <= 20; n += 1) {
      await set(token, { content: `number ${n}` });
      expect([await statusOf(1, 'alice'), await statusOf(0, 'alice')]).toEqual([`number ${n}`, `number ${n}`]);
    }
    await set(token, null);
    expect([await statusOf(1, 'alice'), await statusOf(0, 'alice')]).toEqual([undefined, undefined]);
    await servedFromRedis('alice');
  }, 60_000);

  test('a status is shown until its end, and from then on by neither', async () => {
    const token = await createAccount('brief');
    await servedFromRedis('brief');
    const end = Math.ceil(Date.now() / 1000) * 1000 + 2_000;
    await set(token, { content: 'for a moment', endTime: new Date(end).toISOString() });
    let shown = 0;
    let gone = 0;
    for (let gateway: 0 | 1 = 0; gone < 4; gateway = gateway === 0 ? 1 : 0) {
      const asked = Date.now();
      const content = await statusOf(gateway, 'brief');
      // The clock that counts is PostgreSQL's, here that of the same machine, told apart by the time that it takes to ask for it.
      if (asked >= end + 20) expect(content).toBeUndefined();
      else if (Date.now() < end - 20) expect(content).toBe('for a moment');
      if (content === undefined) gone += 1;
      else shown += 1;
    }
    expect(shown).toBeGreaterThan(2);
    expect(Date.now()).toBeGreaterThanOrEqual(end - 20);
  }, 30_000);

  test('a name that nobody has is there as soon as somebody has it, and gone when he leaves', async () => {
    const asked = async (): Promise<number[]> => Promise.all(([0, 1] as const).map(async (gateway) => (await get(gateway, 'Later')).status));
    expect(await asked()).toEqual([404, 404]);
    expect((await (await get(1, 'Later')).json()) as object).toMatchObject({ status: 404, detail: 'There is nobody called Later here.' });
    await createAccount('later');
    expect(await asked()).toEqual([200, 200]);
    await helio('account', 'delete', 'later');
    expect(await asked()).toEqual([410, 410]);
    const tombstone = await get(1, 'later');
    expect(tombstone.headers.get('content-type')).toBe(AS2);
    expect(await tombstone.json()).toMatchObject({ type: 'Tombstone', formerType: 'Person' });
  }, 60_000);

  test('what somebody changes about the account shows in both at once', async () => {
    const token = await createAccount('keeper');
    await servedFromRedis('keeper');
    for (const locked of [true, false, true]) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const { status } = await fetch(`http://127.0.0.1:${ports[0]}/api/account`, { method: 'PATCH', headers, body: JSON.stringify({ locked }) });
      expect(status).toBe(200);
      for (const gateway of [1, 0] as const) expect(await (await get(gateway, 'keeper')).json()).toMatchObject({ manuallyApprovesFollowers: locked });
    }
  }, 30_000);

  test('both give the same bytes, to servers; browsers get the page', async () => {
    const token = await createAccount('both');
    await set(token, { content: 'one and the same' });
    await servedFromRedis('both');
    const [one, other] = [await get(0, 'both'), await get(1, 'both')];
    const etag = one.headers.get('etag')!;
    const described = { 'content-type': AS2, 'cache-control': 'no-cache', vary: 'Accept', etag, 'access-control-allow-origin': '*' };
    for (const { headers } of [one, other]) expect(Object.fromEntries(headers)).toMatchObject(described);
    const bytes = await one.text();
    expect(await other.text()).toBe(bytes);
    const unchanged = await get(1, 'both', { 'if-none-match': etag });
    expect({ status: unchanged.status, body: await unchanged.text(), etag: unchanged.headers.get('etag') }).toEqual({ status: 304, body: '', etag });
    expect((await get(1, 'both', { 'if-none-match': '"other"' })).status).toBe(200);
    const head = await get(1, 'both', {}, 'HEAD');
    expect({ status: head.status, body: await head.text(), length: head.headers.get('content-length') }).toEqual({ status: 200, body: '', length: String(Buffer.byteLength(bytes)) });
    const page = await get(1, 'both', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toContain('one and the same');
    expect((await get(0, 'both%20x')).status).toBe(404);
    expect((await get(0, 'nobody', { accept: 'text/html' })).status).toBe(404);
  }, 30_000);

  test('without Redis everything works, and the metrics say so; with it again, it is used', async () => {
    const token = await createAccount('carol');
    await set(token, { content: 'with Redis' });
    await servedFromRedis('carol');
    await redis.kill();
    await eventually(async () => expect(await metric(1, 'heliograph_redis_up')).toBe(0));
    const unshared = 'heliograph_actor_document_total{from="database",result="hit"}';
    const before = await metric(1, unshared);
    await set(token, { content: 'without Redis' });
    expect([await statusOf(1, 'carol'), await statusOf(1, 'carol'), await statusOf(0, 'carol')]).toEqual(['without Redis', 'without Redis', 'without Redis']);
    expect(await metric(1, unshared)).toBeGreaterThan(before);
    await createAccount('dora');
    expect((await get(1, 'dora')).status).toBe(200);
    redis = await startRedis({ dataDir, port: redis.port });
    await servedFromRedis('carol');
    await set(token, { content: 'with Redis again' });
    expect([await statusOf(1, 'carol'), await statusOf(0, 'carol')]).toEqual(['with Redis again', 'with Redis again']);
  }, 60_000);
});
