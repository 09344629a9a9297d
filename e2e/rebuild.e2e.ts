import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createTestDatabase, eventually, Instance, type InstanceAccount, type TestDatabase } from '@heliograph/testkit';
import pg from 'pg';

const cli = path.resolve(import.meta.dirname, '../apps/cli/dist/main.js');

let database: TestDatabase;
let instance: Instance;
let db: pg.Pool;
let people: InstanceAccount[];

/** A log that takes a while to read: strangers, whose rows nobody has made yet. */
const STRANGERS = 40_000;
const fillLog = () =>
  db.query(
    `INSERT INTO status_event (actor, event_id, received_at, kind, origin, keep, status_id, published_raw, published_key, content)
     SELECT 'https://elsewhere.example/users/' || n % ${STRANGERS}, md5(n::text)::uuid, now(), 'StatusPublished', 'remote', true, n::text,
            '2025-01-01T00:00:' || lpad((n / ${STRANGERS})::text, 2, '0') || 'Z', '2025-01-01T00:00:' || lpad((n / ${STRANGERS})::text, 2, '0') || '.000000000Z',
            jsonb_build_object('text', 'number ' || n, 'language', NULL, 'attachment', NULL)
     FROM generate_series(0, ${STRANGERS * 8 - 1}) n`,
  );

beforeAll(async () => {
  database = await createTestDatabase();
  instance = await Instance.prepare({ DATABASE_URL: database.url });
  await instance.helio('migrate');
  db = new pg.Pool({ connectionString: database.url, max: 2 });
  await fillLog();
  await instance.up();
  people = await Promise.all(['ann', 'bob', 'cy'].map((name) => instance.createAccount(name)));
}, 120_000);
afterAll(async () => {
  await db?.end();
  await instance?.dispose();
  await database?.drop();
}, 60_000);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
function helio(...args: string[]): { child: ChildProcess; said: () => string; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [cli, ...args], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], DATABASE_URL: database.url, HELIO_PUBLIC_URL: instance.origin, HELIO_ALLOW_PRIVATE_NETWORK: 'on', HELIO_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
  return { child, said: () => stderr, ended };
}
const run = (...args: string[]) => helio(...args).ended;

/** People who set one status after the other, and readers who look at what they see; until stopped. */
function startLoad() {
  let going = true;
  let [longestWrite, longestRead, reads] = [0, 0, 0];
  const set = new Map(people.map(({ name }) => [name, [] as string[]]));
  const timed = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    const begin = performance.now();
    return [await work(), performance.now() - begin];
  };
  const writer = async ({ name, token }: InstanceAccount) => {
    for (let n = 1; going; n += 1) {
      const content = `${name} ${n}`;
      const [{ status }, took] = await timed(() => instance.request('PUT', '/api/status', { token, body: { content } }));
      // 202: not recorded within five seconds.
      if (status !== 200) throw new Error(`writing was answered with ${status}`);
      set.get(name)!.push(content);
      longestWrite = Math.max(longestWrite, took);
      const { body } = await instance.document(`/users/${name}`);
      if (body.status?.content !== content) throw new Error(`${content} does not show: ${JSON.stringify(body.status)}`);
    }
  };
  const reader = async ({ id, name }: InstanceAccount) => {
    while (going) {
      for (const place of [id, `${id}/statuses`, `/api/actors/${name}`]) {
        const [{ status }, took] = await timed(() => instance.document(place));
        if (status !== 200) throw new Error(`reading ${place} was answered with ${status}`);
        longestRead = Math.max(longestRead, took);
        reads += 1;
      }
    }
  };
  const all = Promise.all([...people.map(writer), ...people.map(reader)]);
  all.catch(() => undefined);
  return {
    async stop() {
      going = false;
      await all;
      return { set, longestWrite, longestRead, reads };
    },
  };
}

test('a rebuild while people write and read: no read fails, no write is refused or lost, and the tables are what the log says', async () => {
  const load = startLoad();
  const before = await run('projection', 'verify', '--limit', '3');
  expect(before).toMatchObject({ code: 1, stderr: expect.stringMatching(/helio: [\d,]+ rows differ from what the log says/) });
  expect(before.stdout.trim().split('\n')).toEqual([...Array(3).fill(expect.stringMatching(/^(current_status|status_history) {2}https:\/\/elsewhere\.example\S+ .*row: live none, rebuilt a row$/)), expect.stringMatching(/^… and [\d,]+ more rows$/)]);

  const [first, second] = await Promise.all([run('projection', 'rebuild'), run('projection', 'rebuild')]);
  const [done, refused] = first.code === 0 ? [first, second] : [second, first];
  expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/^rebuilt from [\d,]+ events in .*; writers waited \d+ ms\n$/) });
  expect(done.stderr).toMatch(/reading the log: events [\d,]+ of about [\d,]+ \(\d+%\)/);
  expect(refused).toMatchObject({ code: 1, stderr: 'helio: a rebuild is running already\n', stdout: '' });

  const { set, longestWrite, longestRead, reads } = await load.stop();
  const writes = [...set.values()].flat().length;
  process.stderr.write(`${done.stdout.trim()}; meanwhile ${writes} writes, the longest ${Math.round(longestWrite)} ms; ${reads} reads, the longest ${Math.round(longestRead)} ms\n`);
  expect(writes).toBeGreaterThan(people.length);
  for (const { name, id } of people) {
    const { rows } = await db.query<{ text: string }>(`SELECT content->>'text' AS text FROM status_history WHERE actor = $1 ORDER BY published_key`, [id]);
    expect(rows.map(({ text }) => text)).toEqual(set.get(name));
  }
  expect(await run('projection', 'verify')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^the tables are what the log says \([\d,]+ events\)\n$/) });
}, 180_000);

test('killed in the middle it has changed nothing, the server goes on, and the next one finishes', async () => {
  await db.query(`UPDATE current_status SET keep = NULL WHERE actor LIKE 'https://elsewhere%7'`);
  const load = startLoad();
  for (const stage of ['reading the log', 'making indexes']) {
    const { child, said, ended } = helio('projection', 'rebuild');
    await eventually(() => expect(said()).toContain(stage));
    child.kill('SIGKILL');
    expect(await ended).toMatchObject({ code: null, stdout: '' });
  }
  expect((await run('projection', 'verify', '--limit', '1')).code).toBe(1);
  expect(await run('projection', 'rebuild')).toMatchObject({ code: 0 });
  await load.stop();
  expect(await run('projection', 'verify')).toMatchObject({ code: 0 });
  const { rows } = await db.query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'helio%'`);
  expect(rows).toEqual([]);
}, 180_000);

test('stopped by Ctrl-C it says so, and leaves nothing behind', async () => {
  const { child, said, ended } = helio('projection', 'rebuild');
  await eventually(() => expect(said()).toContain('reading the log'));
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/helio: stopped; nothing is changed\n$/) });
  const { rows } = await db.query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'helio%'`);
  expect(rows).toEqual([]);
}, 60_000);

describe('the log', () => {
  const lines = async (...args: string[]) => (await instance.helio('log', ...args)).stdout.trimEnd().split('\n');

  test('shows the events of an actor by name, handle and address, as lines to read or as JSON', async () => {
    const dee = await instance.createAccount('dee', '--no-history');
    for (const content of ['one', 'two']) expect((await instance.request('PUT', '/api/status', { token: dee.token, body: { content } })).status).toBe(200);
    await instance.request('DELETE', '/api/status', { token: dee.token });
    const events = (await lines('dee', '--json')).map((line) => JSON.parse(line));
    expect(events.map(({ kind, erased }) => [kind, erased])).toEqual([['StatusPublished', true], ['StatusPublished', true], ['StatusRemoved', false]]);
    const host = new URL(instance.origin).host;
    for (const named of ['@dee', `dee@${host}`, `@dee@${host}`, dee.id]) expect(await lines(named, '--json', '--limit', '1')).toEqual([JSON.stringify(events[2])]);
    expect(await lines('dee', '--limit', '2')).toEqual([expect.stringMatching(/^\S+Z {2}StatusPublished .*\(the text is erased\)$/), expect.stringMatching(/^\S+Z {2}StatusRemoved /)]);
  }, 60_000);

  test('tells what the status was at an instant', async () => {
    const [ann] = people;
    await instance.request('PUT', '/api/status', { token: ann!.token, body: { content: 'At the lake' } });
    const now = new Date(Date.now() + 1000).toISOString();
    const { stdout } = await instance.helio('status', 'at', 'ann', now);
    expect(stdout).toMatch(`${ann!.id} at ${now}:\n  text      At the lake\n  status    ${ann!.id}/statuses/`);
    const json = JSON.parse((await instance.helio('status', 'at', ann!.id, now, '--json')).stdout);
    expect(json).toMatchObject({ actor: ann!.id, at: now, kind: 'shown', status: { content: { text: 'At the lake' }, erased: false } });
    expect((await instance.helio('status', 'at', 'ann', '2001-01-01T00:00Z')).stdout).toBe(`${ann!.id} at 2001-01-01T00:00:00.000Z: no status, none was known\n`);
  }, 60_000);

  test.each([
    [['status', 'at', 'ann', 'yesterday'], 'helio: "yesterday" is not an RFC 3339 date-time, such as 2026-11-24T18:00:00Z'],
    [['status', 'at', 'nobody', '2026-11-24T18:00:00Z'], 'helio: there is no account nobody'],
    [['log', 'a@b@c'], `helio: "a@b@c" is not a name, name@host or an actor's address`],
    [['log', '@nobody@elsewhere.example'], 'helio: @nobody@elsewhere.example is not known here'],
    [['log', 'https://elsewhere.example/users/nobody'], 'helio: the log has nothing about https://elsewhere.example/users/nobody'],
  ])('%j is refused in one line', async (args, says) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout, stderr: stderr.trim() }).toEqual({ code: 2, stdout: '', stderr: says });
  });
});
