import { describeWithEngine, eventually } from '@heliograph/testkit';
import { registry } from '@heliograph/platform';
import { People } from '../fixtures/people.ts';
import { RedisLink } from '../redis-link.ts';
import { ActorDocuments } from './actor-documents.ts';
import { RedisDocuments } from './redis-documents.ts';

const HERE = 'https://status.example';

const refused = async (): Promise<number> => (await registry.getSingleMetric('heliograph_actor_document_refused_total')!.get()).values[0]?.value ?? 0;

describe('documents without Redis', () => {
  let people: People;
  let documents: ActorDocuments;
  const read = async (name: string): Promise<string | null> => (await documents.find(name))?.body.toString() ?? null;
  beforeEach(() => {
    people = new People();
    documents = new ActorDocuments({ source: people, shared: null, now: () => people.now() });
  });

  test('are written once per version; every request asks for the version', async () => {
    people.setAccount('alice');
    people.setStatus('alice', 'one');
    expect([await read('alice'), await read('alice')]).toEqual(['one', 'one']);
    expect(people.written).toBe(1);
    people.setStatus('alice', 'two');
    expect(await read('alice')).toBe('two');
    expect(await read('bob')).toBeNull();
    people.setAccount('bob');
    expect(await read('bob')).toBe('');
    expect(people.asked).toBe(5);
  });

  test('many at once ask one question, and write one document', async () => {
    people.setAccount('alice');
    await Promise.all(Array.from({ length: 100 }, () => read('alice')));
    expect({ asked: people.asked, written: people.written }).toEqual({ asked: 1, written: 1 });
  });

  test('who asks after a change does not get what was being written before', async () => {
    people.setAccount('alice');
    people.setStatus('alice', 'one');
    const goOn = people.delay();
    const early = read('alice');
    await eventually(() => expect(people.written).toBe(1));
    people.setStatus('alice', 'two');
    const late = read('alice');
    await eventually(() => expect(people.written).toBe(2));
    goOn();
    expect([await early, await late]).toEqual(['one', 'two']);
    expect(await read('alice')).toBe('two');
  });

  test('end with the status in them', async () => {
    let now = 1_000;
    people.now = () => now;
    people.setAccount('alice');
    people.setStatus('alice', 'until two', 2_000);
    expect(await read('alice')).toBe('until two');
    now = 1_999;
    expect(await read('alice')).toBe('until two');
    expect(people.written).toBe(1);
    now = 2_000;
    expect(await read('alice')).toBe('');
  });
});

describeWithEngine('redis', 'documents in Redis', (url) => {
  const links: RedisLink[] = [];
  let number = 0;
  let alice = '';
  let people: People;
  beforeEach(() => {
    people = new People();
    alice = `alice${process.pid}x${(number += 1)}`;
  });
  afterAll(() => links.forEach((link) => link.close()));

  /** A process of its own: a gateway, a projection, or a command. */
  const start = async () => {
    // As long as a busy machine may take: outages are the other suite's.
    const link = new RedisLink(url, { holdMs: 0, answerMs: 10_000 });
    links.push(link);
    await eventually(() => link.ping());
    const shared = new RedisDocuments(link, HERE);
    const documents = new ActorDocuments({ source: people, shared, now: () => people.now() });
    const read = async (name = alice): Promise<string | null> => (await documents.find(name))?.body.toString() ?? null;
    return { link, shared, documents, read, told: (status: number) => shared.raiseStatuses([{ actor: `${HERE}/users/${alice}`, version: status }]) };
  };
  const keyOf = (name: string): string => `heliograph:document:${name}`;
  /** Until what was written is in Redis. */
  const kept = async ({ link }: { link: RedisLink }, name = alice): Promise<string> =>
    eventually(async () => {
      const head = await link.ask('get', (client) => client.get(keyOf(name)));
      if (!head || head.startsWith('c ')) throw new Error('not kept yet');
      return head;
    });

  test('what one gateway wrote, another serves', async () => {
    people.setAccount(alice);
    people.setStatus(alice, 'one');
    const [a, b] = [await start(), await start()];
    expect(await a.read()).toBe('one');
    await kept(a);
    expect(await b.read()).toBe('one');
    expect([await a.read(), await b.read(), await b.read()]).toEqual(['one', 'one', 'one']);
    expect({ written: people.written, asked: people.asked }).toEqual({ written: 1, asked: 0 });
    expect(await b.documents.find(alice)).toEqual(await a.documents.find(alice));
  });

  test('a change that was told is seen everywhere at once; one that is told again changes nothing', async () => {
    people.setAccount(alice);
    const [a, b, projection] = [await start(), await start(), await start()];
    for (let n = 1; n <= 20; n += 1) {
      const { status } = people.setStatus(alice, `number ${n}`);
      await projection.told(status);
      expect([await b.read(), await a.read()]).toEqual([`number ${n}`, `number ${n}`]);
    }
    await kept(a);
    const before = people.written;
    await projection.told(20);
    await projection.told(19);
    await projection.shared.raise([{ name: alice, account: 1 }]);
    expect(await b.read()).toBe('number 20');
    expect(people.written).toBe(before);
    const { account } = people.setAccount(alice, true);
    await projection.shared.raise([{ name: alice, account }]);
    expect(await a.documents.find(alice)).toMatchObject({ status: 410, body: Buffer.from('gone') });
  });

  test('only what is about people of this server is told', async () => {
    people.setAccount(alice);
    const { shared, read, link } = await start();
    await read();
    const head = await kept({ link });
    await shared.raiseStatuses([`https://elsewhere.example/users/${alice}`, `${HERE}/users/${alice}/statuses/1`, `${HERE}/users/other`].map((actor) => ({ actor, version: 9 })));
    expect(await kept({ link })).toBe(head);
    await shared.raiseStatuses([{ actor: `${HERE}/users/${alice}`, version: 9 }]);
    expect(await link.ask('get', (client) => client.get(keyOf(alice)))).toBeNull();
  });

  test('a slow reader does not put back what was dropped, and nobody who asks later waits for him', async () => {
    people.setAccount(alice);
    people.setStatus(alice, 'one');
    const [slow, other, projection] = [await start(), await start(), await start()];
    const before = await refused();
    const goOn = people.delay();
    const early = slow.read();
    await eventually(() => expect(people.written).toBe(1));
    const { status } = people.setStatus(alice, 'two');
    await projection.told(status);
    const late = slow.read();
    await eventually(() => expect(people.written).toBe(2));
    goOn();
    expect([await early, await late]).toEqual(['one', 'two']);
    await eventually(async () => expect(await refused()).toBe(before + 1));
    expect([await other.read(), await slow.read()]).toEqual(['two', 'two']);
    expect(await kept(slow)).toContain(` 1.${status} `);
  });

  test('nor when Redis has lost everything meanwhile', async () => {
    people.setAccount(alice);
    people.setStatus(alice, 'one');
    const [slow, projection] = [await start(), await start()];
    const goOn = people.delay();
    const early = slow.read();
    await eventually(() => expect(people.written).toBe(1));
    await projection.told(people.setStatus(alice, 'two').status);
    await projection.link.ask('delete', (client) => client.del(keyOf(alice)));
    const before = await refused();
    goOn();
    expect(await early).toBe('one');
    await eventually(async () => expect(await refused()).toBe(before + 1));
    expect(await slow.read()).toBe('two');
  });

  test('a stampede writes one document per process at most', async () => {
    people.setAccount(alice);
    const gateways = [await start(), await start(), await start()];
    const goOn = people.delay();
    const all = Promise.all(gateways.flatMap(({ read }) => Array.from({ length: 100 }, () => read())));
    await eventually(() => expect(people.written).toBe(gateways.length));
    goOn();
    expect(new Set(await all)).toEqual(new Set(['']));
    expect(people.written).toBe(gateways.length);
  });

  test('a name that nobody has is known as such, until somebody has it', async () => {
    const [a, b, command] = [await start(), await start(), await start()];
    expect(await a.read()).toBeNull();
    await kept(a);
    expect([await a.read(), await b.read()]).toEqual([null, null]);
    expect(people.written).toBe(1);
    const left = (await a.link.ask('ttl', (client) => client.pTTL(keyOf(alice))))!;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(10_000);
    const { account } = people.setAccount(alice);
    await command.shared.raise([{ name: alice, account }]);
    expect([await a.read(), await b.read()]).toEqual(['', '']);
  });

  test('no entry lives longer than a minute, or than the status in it', async () => {
    let ahead = 0;
    people.now = () => Date.now() + ahead;
    people.setAccount(alice);
    const [a, b] = [await start(), await start()];
    const ttl = async (): Promise<number> => (await kept(a), (await a.link.ask('ttl', (client) => client.pTTL(keyOf(alice))))!);
    people.setStatus(alice, 'for good');
    await a.read();
    expect(await ttl()).toBeLessThanOrEqual(60_000);
    expect(await ttl()).toBeGreaterThan(30_000);
    const { status } = people.setStatus(alice, 'for twenty seconds', Date.now() + 20_000);
    await a.told(status);
    expect([await a.read(), await b.read()]).toEqual(['for twenty seconds', 'for twenty seconds']);
    expect(await ttl()).toBeLessThanOrEqual(20_000);
    expect(await ttl()).toBeGreaterThan(1_000);
    // Its end comes, by the clock that counts, while Redis still has it.
    ahead = 20_000;
    expect([await a.read(), await b.read()]).toEqual(['', '']);
    expect(await kept(a)).toContain(` 1.${status} 200 - `);
  });

  test('what another release left, and a body that was evicted, count as nothing', async () => {
    people.setAccount(alice);
    people.setStatus(alice, 'one');
    const [a, b] = [await start(), await start()];
    await a.link.ask('set', (client) => client.set(keyOf(alice), '{"v":2}'));
    expect(await a.read()).toBe('one');
    const head = await kept(a);
    await a.link.ask('delete', (client) => client.del(`${keyOf(alice)}:${head.split(' ').at(-1)!}`));
    expect(await b.read()).toBe('one');
    expect(people.written).toBe(2);
    await kept(b);
    expect([await b.read(), await a.read()]).toEqual(['one', 'one']);
    expect(people.written).toBe(2);
  });

  test('when PostgreSQL does not answer, what is known is served, and the rest fails', async () => {
    people.setAccount(alice);
    const { read, documents, link } = await start();
    await read();
    await kept({ link });
    const away = (): Promise<never> => Promise.reject(new Error('PostgreSQL is away'));
    Object.assign(people, { write: away, versions: away });
    expect(await read()).toBe('');
    await expect(documents.find(`${alice}_other`)).rejects.toThrow(/away/);
  });
});
