import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { People } from '../../libs/actors/src/fixtures/people.ts';
import { openWire } from '../../libs/actors/src/fixtures/wire.ts';
import { ActorDocuments, RedisDocuments, RedisLink, type RedisLinkOptions } from '../../libs/actors/src/index.ts';
import { registry } from '../../libs/platform/src/index.ts';
import { describeWithEngine, eventually, freePort } from '../../libs/testkit/src/index.ts';
import { type RunningRedis, startRedis } from './redis.mjs';

const HERE = 'https://status.example';
const ALICE = `${HERE}/users/alice`;
/** Longest answer, whatever Redis does: PostgreSQL's own time is not in it. */
const LONGEST_MS = 1_000;

const hits = async (): Promise<number> => {
  const { values } = await registry.getSingleMetric('heliograph_actor_document_total')!.get();
  return values.find(({ labels }) => labels['from'] === 'redis' && labels['result'] === 'hit')?.value ?? 0;
};

// With a Redis of their own, to be killed and stopped.
describeWithEngine('redis', 'local actor documents while Redis comes and goes', () => {
  let dataDir: string;
  let port: number;
  let redis: RunningRedis | null = null;
  let people: People;
  const links: RedisLink[] = [];

  const up = async (): Promise<RunningRedis> => (redis = await startRedis({ dataDir, port }));
  const kill = async (): Promise<void> => {
    await redis?.kill();
    redis = null;
  };
  /** A process of its own. */
  const start = (url = `redis://127.0.0.1:${port}`, options: RedisLinkOptions = {}) => {
    const link = new RedisLink(url, options);
    links.push(link);
    const shared = new RedisDocuments(link, HERE);
    const documents = new ActorDocuments({ source: people, shared, now: Date.now });
    return { link, shared, documents };
  };
  type Started = ReturnType<typeof start>;

  /** The way of a status: commit, tell Redis, acknowledge. Here by two processes, as the projection and the gateway do it. */
  let acknowledged = 0;
  const set = async (tellers: readonly Started[]): Promise<void> => {
    const { status } = people.setStatus('alice', String(people.numbers + 1));
    for (const { shared } of tellers) await shared.raiseStatuses([{ actor: ALICE, version: status }]);
    acknowledged = status;
  };
  /** What is served, how long it took, and what had been acknowledged before it was asked for. */
  const ask = async ({ documents }: Started): Promise<{ number: number; before: number; ms: number }> => {
    const before = acknowledged;
    const begin = performance.now();
    const document = await documents.find('alice');
    return { number: Number(document?.body.toString()), before, ms: performance.now() - begin };
  };

  /** Sets and reads without a pause until `work` is done; resolves to what readers should not have seen. */
  async function underLoad(gateways: readonly Started[], tellers: readonly Started[], work: () => Promise<void>): Promise<{ reads: number; older: object[]; slow: object[] }> {
    let done = false;
    let reads = 0;
    const older: object[] = [];
    const slow: object[] = [];
    const writer = async (): Promise<void> => {
      while (!done) {
        await set(tellers);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const reader = async (gateway: Started): Promise<void> => {
      while (!done) {
        const answer = await ask(gateway);
        reads += 1;
        if (answer.number < answer.before) older.push(answer);
        if (answer.ms > LONGEST_MS) slow.push(answer);
        await new Promise(setImmediate);
      }
    };
    const all = Promise.all([writer(), ...gateways.flatMap((gateway) => [reader(gateway), reader(gateway), reader(gateway)])]);
    await work().finally(() => (done = true));
    await all;
    return { reads, older, slow };
  }
  /** So many further statuses are acknowledged. */
  const acknowledge = (count: number): Promise<void> => {
    const goal = acknowledged + count;
    return eventually(() => {
      if (acknowledged < goal) throw new Error(`${acknowledged} of ${goal} acknowledged`);
    });
  };
  const servedFromRedis = async (gateway: Started): Promise<void> => {
    await eventually(async () => {
      const before = await hits();
      await ask(gateway);
      expect(await hits()).toBeGreaterThan(before);
    });
  };

  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'heliograph-redis-'));
    port = await freePort();
    people = new People();
    people.setAccount('alice');
    acknowledged = 0;
  });
  afterEach(async () => {
    links.splice(0).forEach((link) => link.close());
    if (redis) process.kill(redis.pid, 'SIGCONT');
    await kill();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('dead from the start: everything is served, and Redis is used as soon as it is there', async () => {
    const [gateway, projection] = [start(), start()];
    const { reads, older, slow } = await underLoad([gateway], [projection], () => acknowledge(50));
    expect({ older, slow }).toEqual({ older: [], slow: [] });
    expect(reads).toBeGreaterThan(50);
    await up();
    await servedFromRedis(gateway);
  });

  test('killed and started again, over and over: never anything older than acknowledged, never a slow answer', async () => {
    await up();
    const [a, b, projection] = [start(), start(), start()];
    await servedFromRedis(a);
    const { reads, older, slow } = await underLoad([a, b], [projection, a], async () => {
      for (let n = 0; n < 4; n += 1) {
        await acknowledge(20);
        await kill();
        await acknowledge(20);
        await up();
        // Twice it stays away again at once, twice it is used again first.
        if (n % 2 === 1) await servedFromRedis(b);
      }
    });
    expect({ older, slow }).toEqual({ older: [], slow: [] });
    expect(reads).toBeGreaterThan(100);
    await servedFromRedis(a);
  }, 60_000);

  test('stopped and continued: it goes on with what it had, and none of that is served any more', async () => {
    const { pid } = await up();
    const [a, b, projection] = [start(), start(), start()];
    await servedFromRedis(a);
    const { reads, older, slow } = await underLoad([a, b], [projection, a], async () => {
      for (let n = 0; n < 4; n += 1) {
        await servedFromRedis(b);
        process.kill(pid, 'SIGSTOP');
        await acknowledge(n % 2 === 0 ? 2 : 100);
        process.kill(pid, 'SIGCONT');
      }
      await servedFromRedis(b);
    });
    expect({ older, slow }).toEqual({ older: [], slow: [] });
    expect(reads).toBeGreaterThan(100);
  }, 60_000);

  test('what a process missed to tell, and died with, is not served either', async () => {
    const { pid } = await up();
    const [gateway, other] = [start(), start()];
    await Promise.all([gateway, other].map(({ link }) => eventually(() => link.ping())));
    await set([other]);
    await Promise.all([gateway, other].map(servedFromRedis));
    process.kill(pid, 'SIGSTOP');
    await Promise.all([gateway, other].map(({ link }) => eventually(() => expect(link.settled).toBe(false))));
    // Whoever has committed this is gone before he could tell anybody.
    await set([]);
    process.kill(pid, 'SIGCONT');
    await Promise.all([gateway, other].map(({ link }) => eventually(() => expect(link.settled).toBe(true))));
    for (const one of [gateway, other]) expect(await ask(one)).toMatchObject({ number: acknowledged });
    // Nor does one believe it that was not there.
    const late = start();
    await eventually(() => expect(late.link.settled).toBe(true));
    expect(await ask(late)).toMatchObject({ number: acknowledged });
  }, 60_000);

  test('who did not notice that Redis paused finds what was told meanwhile', async () => {
    const { pid } = await up();
    const [gateway, projection] = [start(undefined, { answerMs: 60_000, holdMs: 0 }), start(undefined, { holdMs: 0 })];
    await eventually(() => projection.link.ping());
    await set([projection]);
    await servedFromRedis(gateway);
    process.kill(pid, 'SIGSTOP');
    await eventually(() => expect(projection.link.settled).toBe(false));
    await set([projection]);
    process.kill(pid, 'SIGCONT');
    expect(await ask(gateway)).toMatchObject({ number: acknowledged });
  });

  test('who finds Redis again before the others do waits for them', async () => {
    await up();
    const wire = await openWire(`redis://127.0.0.1:${port}`);
    const url = `redis://127.0.0.1:${port}`;
    const [patient, hasty, projection] = [start(url, { holdMs: 600_000 }), start(url, { holdMs: 0 }), start(wire.url, { holdMs: 0 })];
    await Promise.all([patient, hasty, projection].map(({ link }) => eventually(() => link.ping())));
    await set([projection]);
    await wire.cut();
    await kill();
    await eventually(() => expect(projection.link.settled).toBe(false));
    await up();
    await Promise.all([patient, hasty].map(({ link }) => eventually(() => link.ping())));
    await servedFromRedis(hasty);
    await set([projection]);
    expect(await ask(patient)).toMatchObject({ number: acknowledged });
    // The control: this is what the waiting is for.
    expect(await ask(hasty)).toMatchObject({ number: acknowledged - 1 });
    await wire.mend();
    await eventually(async () => expect(await ask(hasty)).toMatchObject({ number: acknowledged }));
    await wire.cut();
  });

  test.each([0, 20_000])('what was missed is told when Redis answers again, with %i others that were missed too', async (others) => {
    await up();
    const wire = await openWire(`redis://127.0.0.1:${port}`);
    const [gateway, projection] = [start(), start(wire.url, { holdMs: 0 })];
    const exists = (): Promise<number | undefined> => gateway.link.ask('exists', (client) => client.exists('heliograph:document:alice'));
    await eventually(() => projection.link.ping());
    await servedFromRedis(gateway);
    await wire.cut();
    await eventually(() => expect(projection.link.settled).toBe(false));
    const { status } = people.setStatus('alice', '1');
    await projection.shared.raise([{ name: 'alice', status }, ...Array.from({ length: others }, (_, i) => ({ name: `other${i}`, status: 1 }))]);
    expect(await exists()).toBe(1);
    await wire.mend();
    await eventually(async () => expect(await exists()).toBe(0));
    await wire.cut();
  });
});
