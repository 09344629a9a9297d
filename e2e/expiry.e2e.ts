import { clockAhead, createTestDatabase, eventually, Instance, type InstanceAccount, type TestDatabase } from '@heliograph/testkit';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds that the machines' clocks are off, each in its own direction. The tests' clock is PostgreSQL's: one machine. */
const SKEW_MS = 5_000;

let database: TestDatabase;
/** Two processes of one server. */
let fast: Instance;
let slow: Instance;
let alice: InstanceAccount;
let dora: InstanceAccount;
let bob: InstanceAccount;
beforeAll(async () => {
  database = await createTestDatabase();
  fast = await Instance.prepare({ DATABASE_URL: database.url, ...clockAhead(SKEW_MS) });
  slow = await Instance.prepare({ DATABASE_URL: database.url, HELIO_PUBLIC_URL: fast.origin, ...clockAhead(-SKEW_MS) });
  await fast.helio('migrate');
  await Promise.all([fast.up(), slow.up()]);
  alice = await fast.createAccount('alice');
  dora = await fast.createAccount('dora', '--no-history');
  bob = await fast.createAccount('bob');
  for (const { id } of [alice, dora]) await fast.request('POST', '/api/following', { token: bob.token, body: { actor: id } });
  await eventually(async () => expect((await slow.request('GET', '/api/following', { token: bob.token })).body.items.map(({ state }: any) => state)).toEqual(['accepted', 'accepted']));
}, 120_000);
afterAll(async () => {
  await Promise.all([fast?.dispose(), slow?.dispose()]);
  await database?.drop();
}, 60_000);

/** Every way to read that somebody has this status now. */
function paths(instance: Instance, { id, name }: InstanceAccount, statusId: string): Readonly<Record<string, () => Promise<boolean>>> {
  const api = `/api/actors/${name}`;
  return {
    document: async () => (await instance.document(new URL(id).pathname)).body.status?.id === statusId,
    api: async () => (await instance.request('GET', `${api}/status`)).body.status?.id === statusId,
    history: async () => (await instance.request('GET', `${api}/history`)).body.items.some((item: any) => item.id === statusId && item.state === 'current'),
    home: async () => (await instance.request('GET', '/api/home', { token: bob.token })).body.items.some(({ status }: any) => status.id === statusId),
    page: async () => (await instance.request('GET', `/@${name}`, { accept: 'text/html' })).body.includes('quokka'),
  };
}

/** The events of a stream as they come, with the instant at which they came. */
async function listen(instance: Instance, name: string, signal: AbortSignal): Promise<{ event: string; statusId: string | undefined; at: number }[]> {
  const events: { event: string; statusId: string | undefined; at: number }[] = [];
  const response = await fetch(`${instance.origin}/api/stream?actor=${name}`, { signal });
  const read = async (): Promise<void> => {
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const [, event, data] = /^event: (.+)\ndata: (.+)$/.exec(text.slice(0, end)) ?? [];
        if (event) events.push({ event, statusId: JSON.parse(data!).status?.id, at: Date.now() });
        text = text.slice(end + 2);
      }
    }
  };
  read().catch(() => undefined);
  await eventually(() => expect(events).toHaveLength(1));
  return events;
}

test('at the instant, on every path, with services whose clocks differ', async () => {
  for (const who of [alice, dora]) {
    // Past for the machine that is ahead, and as good as endless for the one that is behind: both think as PostgreSQL does.
    const endTime = new Date(Math.ceil(Date.now() / 1000 + 2) * 1000).toISOString().replace('.000', '');
    const ended = new AbortController();
    const streams = await Promise.all([fast, slow].map((instance) => listen(instance, who.name, ended.signal)));
    const draft = { content: 'quokka', endTime };
    const set = await fast.request('PUT', '/api/status', { token: who.token, body: draft });
    expect(set.status).toBe(200);
    const { id } = set.body.status;
    const looks: { where: string; asked: number; answered: number; shown: boolean }[] = [];
    const everywhere = [fast, slow].flatMap((instance, index) => Object.entries(paths(instance, who, id)).map(([name, look]) => ({ where: `${['fast', 'slow'][index]!} ${name}`, look })));
    const end = Date.parse(endTime);
    await Promise.all(
      everywhere.map(async ({ where, look }) => {
        while (Date.now() < end + 400) {
          const asked = Date.now();
          const shown = await look();
          looks.push({ where, asked, answered: Date.now(), shown });
          await sleep(20);
        }
      }),
    );
    expect(looks.filter(({ asked, shown }) => asked >= end && shown)).toEqual([]);
    expect(looks.filter(({ where, answered, shown }) => answered < end && !shown && (who === alice || !where.endsWith('history')))).toEqual([]);
    for (const { where } of everywhere) expect(looks.some((look) => look.where === where && look.asked >= end)).toBe(true);
    for (const events of streams) {
      await eventually(() => expect(events.map(({ event }) => event)).toEqual(['snapshot', 'published', 'expired']));
      expect(events.at(-1)).toMatchObject({ statusId: id });
      expect(events.at(-1)!.at).toBeGreaterThanOrEqual(end);
    }
    ended.abort();
    expect((await slow.document(new URL(id).pathname)).status).toBe(who === alice ? 200 : 410);
  }
}, 60_000);
