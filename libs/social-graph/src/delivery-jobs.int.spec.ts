import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import { DataSource } from 'typeorm';
import { DeliveryJobs, type LeasedJob, SocialGraph, socialGraphEntities, socialGraphMigrations } from './index.ts';

const HERE = 'https://here.example';
const alice = `${HERE}/users/alice`;
const bob = `${HERE}/users/bob`;

let database: TestDatabase;
let dataSource: DataSource;
let jobs: DeliveryJobs;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: socialGraphEntities,
    migrations: socialGraphMigrations,
    installExtensions: false,
  }).initialize();
  await dataSource.runMigrations({ transaction: 'each' });
  jobs = new DeliveryJobs(dataSource, { instance: 'one' });
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});
beforeEach(() => dataSource.query('TRUNCATE follower, delivery_job RESTART IDENTITY'));

/** Followers of `actor`, one per inbox. */
const audience = (actor: string, ...inboxes: string[]) =>
  dataSource.query(
    `INSERT INTO follower (actor, follower, follow_id, inbox, audience_inbox, since, follow_at) SELECT $1, i || '#owner', i, i, i, now(), now() FROM unnest($2::text[]) AS i`,
    [actor, inboxes],
  );
const due = (job: LeasedJob) => dataSource.query('UPDATE delivery_job SET due_at = now() WHERE id = $1', [job.id]);
const what = (leased: readonly LeasedJob[]) => leased.map(({ eventId, inbox }) => `${eventId} ${inbox}`).sort();
const publish = (...eventIds: string[]) => jobs.enqueueFanOut(eventIds.map((eventId) => ({ actor: alice, eventId })));
const a = 'https://a.example/inbox';
const b = 'https://b.example/inbox';

describe('enqueueFanOut', () => {
  test('one job per event and inbox, never twice', async () => {
    await audience(alice, a, b);
    await audience(bob, b);
    const events = [
      { actor: alice, eventId: 'e1' },
      { actor: bob, eventId: 'e2' },
    ];
    expect(await jobs.enqueueFanOut([...events, events[0]!])).toBe(3);
    expect(await jobs.enqueueFanOut(events)).toBe(0);
    expect(what(await jobs.lease(10, 10, 20))).toEqual([`e1 ${a}`, `e1 ${b}`, `e2 ${b}`]);
  });

  test('jobs come in the order of the events, however many', async () => {
    await audience(alice, a);
    const events = Array.from({ length: 45 }, (_, n) => `e${(n * 7) % 45}`);
    expect(await publish(...events)).toBe(45);
    const rows = await dataSource.query<{ event_id: string }[]>('SELECT event_id FROM delivery_job ORDER BY id');
    expect(rows.map(({ event_id }) => event_id)).toEqual(events);
  });

  test('nobody follows: nothing to do', async () => {
    expect(await publish('e1')).toBe(0);
    expect(await jobs.lease(10, 10, 20)).toEqual([]);
  });
});

describe('lease', () => {
  test('keeps the order of a sender at an inbox, and only there', async () => {
    await audience(alice, a, b);
    await publish('e1', 'e2');
    const first = await jobs.lease(10, 10, 20);
    expect(what(first)).toEqual([`e1 ${a}`, `e1 ${b}`]);
    expect(await jobs.lease(10, 10, 20)).toEqual([]);
    await jobs.complete(first.find(({ inbox }) => inbox === a)!);
    expect(what(await jobs.lease(10, 10, 20))).toEqual([`e2 ${a}`]);
  });

  test('a postponed job holds up nothing; when both are due it goes first', async () => {
    await audience(alice, a);
    await publish('e1', 'e2', 'e3');
    const [e1] = await jobs.lease(1, 1, 20);
    await jobs.retry(e1!, 60_000, 'HTTP 503');
    const [e2] = await jobs.lease(9, 9, 20);
    expect(e2?.eventId).toBe('e2');
    await due(e1!);
    await jobs.complete(e2!);
    const again = await jobs.lease(9, 9, 20);
    expect(again).toMatchObject([{ eventId: 'e1', attempts: 1, firstAttemptAt: expect.any(Date) }]);
    await jobs.complete(again[0]!);
    expect(what(await jobs.lease(9, 9, 20))).toEqual([`e3 ${a}`]);
  });

  test('a host takes its share only, and a long queue hides nobody', async () => {
    await audience(alice, ...Array.from({ length: 20 }, (_, n) => `https://a.example/${n}`), b);
    await publish('e1');
    const hosts = async (limit: number) => (await jobs.lease(limit, 3, 20)).map(({ host }) => host).sort();
    expect(await hosts(2)).toEqual(['a.example', 'b.example']);
    expect(await hosts(10)).toEqual(['a.example', 'a.example']);
    expect(await hosts(10)).toEqual([]);
  });

  test('ten at once get every job once, in order', async () => {
    await audience(alice, ...Array.from({ length: 5 }, (_, n) => `https://h${n}.example/inbox`));
    await publish(...Array.from({ length: 8 }, (_, n) => `e${n}`));
    const sent: string[] = [];
    const worker = async (n: number): Promise<void> => {
      const mine = new DeliveryJobs(dataSource, { instance: `worker ${n}` });
      while (sent.length < 40) {
        for (const job of await mine.lease(2, 4, 20)) {
          sent.push(`${job.inbox} ${job.eventId}`);
          await mine.complete(job);
        }
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, n) => worker(n)));
    expect(new Set(sent).size).toBe(40);
    for (let h = 0; h < 5; h += 1) {
      const ofHost = sent.filter((one) => one.includes(`//h${h}.`));
      expect(ofHost).toEqual([...ofHost].sort());
    }
  });

  test('fresh jobs before retries that were due a moment earlier', async () => {
    await audience(alice, a, b);
    await publish('e1');
    const leased = await jobs.lease(2, 1, 20);
    const failed = leased.find(({ inbox }) => inbox === a)!;
    await jobs.retry(failed, 0, 'HTTP 500');
    await jobs.complete(leased.find(({ inbox }) => inbox === b)!);
    await publish('e2');
    expect(what(await jobs.lease(1, 1, 20))).toEqual([`e2 ${b}`]);
    expect(what(await jobs.lease(1, 1, 20))).toEqual([`e1 ${a}`]);
  });

  test('ends by itself, or when the same process starts again', async () => {
    await audience(alice, a, b);
    await publish('e1');
    const [, gone] = await jobs.lease(2, 1, 20);
    await dataSource.query('UPDATE delivery_job SET lease_until = now() WHERE id = $1', [gone!.id]);
    const other = new DeliveryJobs(dataSource, { instance: 'two' });
    expect(await other.lease(2, 1, 20)).toMatchObject([{ id: gone!.id }]);
    // It belongs to the other now: what the first one says about it counts no more.
    await jobs.complete(gone!);
    expect((await jobs.stats()).pending).toBe(2);
    await new DeliveryJobs(dataSource, { instance: 'one' }).releaseLeases();
    expect(await other.lease(2, 1, 20)).toHaveLength(1);
  });
});

test('retry, bury and what is told about them', async () => {
  await audience(alice, a, b);
  await publish('e1');
  expect(await jobs.stats()).toMatchObject({ pending: 2, dead: 0 });
  expect(await jobs.nextDueMs()).toBeNull();
  const [first, second] = await jobs.lease(2, 1, 20);
  await jobs.retry(first!, 60_000, 'x'.repeat(10_000));
  await jobs.bury(second!, 'HTTP 403');
  expect(await jobs.stats()).toEqual({ pending: 1, dead: 1, oldestDueSeconds: 0 });
  expect(await jobs.nextDueMs()).toBeGreaterThan(55_000);
  expect(await publish('e1')).toBe(0);
  expect(await jobs.lease(2, 1, 20)).toEqual([]);
  expect(await jobs.sweep()).toBe(0);
  await dataSource.query(`UPDATE delivery_job SET due_at = now() - interval '31 days' WHERE state = 'dead'`);
  expect(await jobs.sweep()).toBe(1);
});

test('also a queue far longer than what is looked at first hides nobody', async () => {
  await audience(alice, ...Array.from({ length: 1500 }, (_, n) => `https://a.example/${n}`));
  await publish('e1');
  await audience(bob, b, 'https://c.example/inbox');
  await jobs.enqueueFanOut([{ actor: bob, eventId: 'e2' }]);
  const hosts = (await jobs.lease(10, 3, 20)).map(({ host }) => host).sort();
  expect(hosts).toEqual(['a.example', 'a.example', 'a.example', 'b.example', 'c.example']);
  expect(await jobs.lease(10, 3, 20)).toEqual([]);
});

test('a follower who is in the audience is found there', async () => {
  const graph = new SocialGraph(dataSource, { publicUrl: HERE });
  await audience(alice, a);
  expect([await graph.isAudience(alice, a), await graph.isAudience(alice, b), await graph.isAudience(bob, a)]).toEqual([true, false, false]);
  expect([await graph.isFollower(alice, `${a}#owner`), await graph.isFollower(bob, `${a}#owner`)]).toEqual([true, false]);
});
