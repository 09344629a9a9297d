import type { GraphMessage, Mailbox } from '@heliograph/contracts';
import { audienceInboxes } from '@heliograph/delivery-policy';
import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { DeliveryJobs, SocialGraph, socialGraphEntities, socialGraphMigrations } from './index.ts';

const HERE = 'https://here.example';
const alice = `${HERE}/users/alice`;
const bob = `${HERE}/users/bob`;
const at = '2026-01-05T12:00:00.000Z';
const far = (name: string, host = 'far.example', shared = true): Mailbox => ({
  actor: `https://${host}/${name}`,
  inbox: `https://${host}/${name}/inbox`,
  sharedInbox: shared ? `https://${host}/inbox` : null,
});
const carol = far('carol');

const followReceived = (follower: Mailbox, followId: string, actor = alice): GraphMessage => ({
  type: 'FollowReceived',
  data: { actor, at, follower, followId, activity: {} },
});
const followUndone = (follower: string, followId: string | null): GraphMessage => ({ type: 'FollowUndone', data: { actor: alice, at, follower, followId } });
const followRequested = (target: Mailbox, followId: string): GraphMessage => ({ type: 'FollowRequested', data: { actor: alice, at, target, followId } });
const unfollowRequested = (target: string): GraphMessage => ({ type: 'UnfollowRequested', data: { actor: alice, at, target } });
const followAnswered = (target: string, followId: string | null, accepted: boolean): GraphMessage => ({
  type: 'FollowAnswered',
  data: { actor: alice, at, target, followId, accepted },
});
const accountDeleted = (actor: string): GraphMessage => ({ type: 'AccountDeleted', data: { actor, at } });

let database: TestDatabase;
let dataSource: DataSource;
let graph: SocialGraph;
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
  graph = new SocialGraph(dataSource, { publicUrl: HERE });
  jobs = new DeliveryJobs(dataSource, { instance: 'spec' });
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});
beforeEach(() => dataSource.query('TRUNCATE follower, follow_request, follow_undone, block, blocked_by, actor_refresh, following, departed_account, delivery_job, graph_offset RESTART IDENTITY'));

const apply = (...messages: GraphMessage[]) => graph.applyGraph(messages, { topic: 'graph.v1', partition: 0, group: 'delivery', nextOffset: 1n });
const followers = async (actor = alice) => (await graph.followers(actor, { limit: 100 })).items.map(({ follower }) => follower);
const queue = () => dataSource.query<{ kind: string; inbox: string }[]>('SELECT kind, inbox FROM delivery_job ORDER BY id');
const emptyQueue = () => dataSource.query('TRUNCATE delivery_job');

test('the entities fit the tables', async () => {
  for (const { target, tableName } of dataSource.entityMetadatas) {
    expect([tableName, await dataSource.getRepository(target).find({ take: 1 })]).toEqual([tableName, []]);
  }
});

test('the offset is there after the batch, and only then', async () => {
  expect(await graph.loadOffset('graph.v1', 3, 'delivery')).toBeNull();
  await graph.applyGraph([], { topic: 'graph.v1', partition: 3, group: 'delivery', nextOffset: 2n ** 60n });
  expect(await graph.loadOffset('graph.v1', 3, 'delivery')).toBe(2n ** 60n);
  expect(await graph.loadOffset('graph.v1', 4, 'delivery')).toBeNull();
});

describe('being followed', () => {
  test('a new follower gets the Accept and then the current status, at its own inbox', async () => {
    expect(await apply(followReceived(carol, 'f1'))).toEqual({ jobs: 2, unusable: 0 });
    expect(await followers()).toEqual([carol.actor]);
    expect(await queue()).toEqual([
      { kind: 'accept', inbox: carol.inbox },
      { kind: 'current-status', inbox: carol.inbox },
    ]);
    expect(await graph.followedBy(carol.actor, 'f1')).toBe(alice);
    expect(await graph.followedBy(carol.actor, 'f2')).toBeNull();
  });

  test('a Follow that comes again is accepted again, and is still one follower', async () => {
    await apply(followReceived(carol, 'f1'));
    await emptyQueue();
    await apply(followReceived(carol, 'f1'), followReceived(carol, 'f2'));
    expect(await followers()).toEqual([carol.actor]);
    expect((await queue()).map(({ kind }) => kind)).toEqual(['accept', 'accept']);
  });

  test('a repeated Follow revives an Accept that had been given up', async () => {
    await apply(followReceived(carol, 'f1'));
    await dataSource.query(`UPDATE delivery_job SET state = 'dead', attempts = 30, first_attempt_at = now() WHERE kind = 'accept'`);
    await apply(followReceived(carol, 'f1'));
    const [job] = await dataSource.query(`SELECT state, attempts, first_attempt_at FROM delivery_job WHERE kind = 'accept'`);
    expect(job).toEqual({ state: 'pending', attempts: 0, first_attempt_at: null });
  });

  test('an Undo is final for its Follow, in whatever order they come', async () => {
    await apply(followUndone(carol.actor, 'f1'), followReceived(carol, 'f1'));
    expect(await followers()).toEqual([]);
    expect(await queue()).toEqual([]);
    await apply(followReceived(carol, 'f2'), followUndone(carol.actor, 'f1'));
    expect(await followers()).toEqual([carol.actor]);
    await apply(followUndone(carol.actor, 'f2'), followReceived(carol, 'f2'));
    expect(await followers()).toEqual([]);
  });

  test('an Undo that names nobody but the actor ends the follow', async () => {
    await apply(followReceived(carol, 'f1'), followReceived(far('dave'), 'g1'), followUndone(carol.actor, null));
    expect(await followers()).toEqual([far('dave').actor]);
  });

  test('of the Undos of one pair the newest hundred are kept', async () => {
    const many = Array.from({ length: 103 }, (_, n) => ({ ...followUndone(carol.actor, `f${n}`) }));
    await apply(...many.map((message, n) => ({ ...message, data: { ...message.data, at: new Date(n * 1000).toISOString() } }) as GraphMessage));
    const rows = await dataSource.query(`SELECT follow_id FROM follow_undone ORDER BY at`);
    expect(rows).toHaveLength(100);
    expect(rows[0]).toEqual({ follow_id: 'f3' });
  });

  test('what no table takes and nobody can post to has no effect, and stops nothing', async () => {
    const result = await apply(
      followReceived({ ...carol, inbox: 'javascript:1' }, 'f1'),
      followReceived({ ...carol, inbox: `${HERE}/inbox` }, 'f1'),
      followReceived(carol, 'f\0'),
      followReceived(carol, 'f\ud800'),
      { ...followReceived(carol, 'f1'), data: { ...followReceived(carol, 'f1').data, at: 'yesterday' } } as GraphMessage,
      followReceived(carol, 'f'.repeat(1001)),
      followReceived(far('dave'), 'f'.repeat(1000)),
    );
    expect(result).toEqual({ jobs: 2, unusable: 6 });
    expect(await followers()).toEqual([far('dave').actor]);
  });

  test('a gone mailbox ends the follows that went there, a shared one none', async () => {
    const dave = far('dave', 'small.example', false);
    await apply(followReceived(carol, 'f1'), followReceived(dave, 'g1'), followReceived(dave, 'g2', bob));
    expect(await graph.dropMailbox(alice, carol.inbox)).toBe(0);
    expect(await graph.dropMailbox(alice, 'https://far.example/inbox')).toBe(0);
    expect(await graph.dropMailbox(alice, dave.inbox)).toBe(1);
    expect([await followers(), await followers(bob)]).toEqual([[carol.actor], [dave.actor]]);
  });
});

describe('following', () => {
  const state = async () => (await graph.followingState(alice, carol.actor))?.state ?? null;

  test('asks, and is answered', async () => {
    expect(await state()).toBeNull();
    await apply(followRequested(carol, 'f1'));
    expect(await state()).toBe('requested');
    expect(await queue()).toEqual([{ kind: 'follow', inbox: carol.inbox }]);
    expect(await graph.followedActors(alice, 10)).toEqual([]);
    expect((await graph.following(alice, { limit: 10 })).items).toEqual([]);
    expect((await graph.following(alice, { limit: 10, states: ['requested'] })).items).toMatchObject([{ target: carol.actor, state: 'requested' }]);
    await apply(followAnswered(carol.actor, 'another', true));
    expect(await state()).toBe('requested');
    await apply(followAnswered(carol.actor, 'f1', true));
    expect(await state()).toBe('accepted');
    expect(await graph.followedActors(alice, 10)).toEqual([carol.actor]);
    expect(await graph.followedAmong(alice, [carol.actor, bob])).toEqual(new Set([carol.actor]));
    expect(await graph.relationsOf(carol.actor)).toEqual({ followed: true, follows: false, blocked: false });
    await apply(followAnswered(carol.actor, null, false));
    expect(await state()).toBe('rejected');
    expect(await graph.relationsOf(carol.actor)).toEqual({ followed: false, follows: false, blocked: false });
  });

  test('the same request again changes and sends nothing, a new one asks again', async () => {
    await apply(followRequested(carol, 'f1'), followAnswered(carol.actor, 'f1', true));
    await emptyQueue();
    await apply(followRequested(carol, 'f1'));
    expect(await state()).toBe('accepted');
    expect(await queue()).toEqual([]);
    await apply(followRequested(carol, 'f2'));
    expect(await state()).toBe('requested');
    expect([await graph.targetOf(alice, 'f1'), await graph.targetOf(alice, 'f2')]).toEqual([null, carol.actor]);
    expect(await queue()).toHaveLength(1);
  });

  test('ends with an Undo, once', async () => {
    await apply(followRequested(carol, 'f1'), unfollowRequested(carol.actor), unfollowRequested(carol.actor));
    expect(await state()).toBeNull();
    expect((await queue()).map(({ kind }) => kind)).toEqual(['follow', 'undo-follow']);
  });

  test('people of this server are followed at once, and nothing is sent', async () => {
    await apply(followRequested({ actor: bob, inbox: `${bob}/inbox`, sharedInbox: `${HERE}/inbox` }, 'f1'));
    expect((await graph.followingState(alice, bob))?.state).toBe('accepted');
    expect(await followers(bob)).toEqual([alice]);
    expect([await graph.countFollowers(alice), await graph.countFollowing(alice), await graph.countFollowers(bob)]).toEqual([0, 1, 1]);
    expect(await jobs.enqueueFanOut([{ actor: bob, eventId: 'e1' }])).toBe(0);
    await apply(unfollowRequested(bob));
    expect(await followers(bob)).toEqual([]);
    expect(await queue()).toEqual([]);
  });
});

describe('departing', () => {
  test('a remote actor takes its relations along', async () => {
    await apply(followReceived(carol, 'f1'), followReceived(far('dave'), 'g1'), followRequested(carol, 'f2'));
    await apply({ type: 'RemoteActorGone', data: { actor: carol.actor, at } });
    expect(await followers()).toEqual([far('dave').actor]);
    expect(await graph.followingState(alice, carol.actor)).toBeNull();
  });

  test('a deleted account tells followers and followed, once per shared inbox, and follows nobody any more', async () => {
    const erin = far('erin', 'other.example', false);
    await apply(followReceived(carol, 'f1'), followReceived(far('dave'), 'g1'), followRequested(erin, 'f2'));
    await apply(followRequested({ actor: bob, inbox: `${bob}/inbox`, sharedInbox: null }, 'f3'));
    await emptyQueue();
    expect(await apply(accountDeleted(alice), accountDeleted(alice))).toEqual({ jobs: 2, unusable: 0 });
    expect(new Set((await queue()).map(({ inbox }) => inbox))).toEqual(new Set(['https://far.example/inbox', erin.inbox]));
    expect([await followers(), await followers(bob)]).toEqual([[], []]);
    await apply(followReceived(carol, 'f9'), followRequested(erin, 'f10'));
    expect(await followers()).toEqual([]);
    expect(await queue()).toHaveLength(2);
  });

  test('its key may go once nothing of it is pending', async () => {
    await apply(followReceived(carol, 'f1'));
    await emptyQueue();
    expect(await jobs.departedWithoutJobs()).toEqual([]);
    await apply(accountDeleted(alice));
    expect(await jobs.departedWithoutJobs()).toEqual([]);
    const [job] = await jobs.lease(1, 1, 20);
    await jobs.complete(job!);
    expect(await jobs.departedWithoutJobs()).toEqual([alice]);
    await jobs.keyForgotten(alice);
    expect(await jobs.departedWithoutJobs()).toEqual([]);
  });
});

test('pages follow each other without gaps, the newest first', async () => {
  const received = (n: number) => ({ ...followReceived(far(`p${n}`), `f${n}`), data: { ...followReceived(far(`p${n}`), `f${n}`).data, at: new Date(Math.floor(n / 2) * 1000).toISOString() } });
  await apply(...([4, 1, 3, 0, 2].map(received) as GraphMessage[]));
  const seen: string[] = [];
  for (let cursor: string | null = null, pages = 0; pages === 0 || cursor; pages += 1) {
    const page = await graph.followers(alice, { limit: 2, cursor });
    seen.push(...page.items.map(({ follower }) => follower));
    cursor = page.next;
  }
  expect(seen).toEqual([4, 3, 2, 1, 0].map((n) => far(`p${n}`).actor));
  expect((await graph.followers(alice, { limit: 9, cursor: 'nonsense' })).items).toHaveLength(5);
});

test('any history, applied again from any point on, ends in the same graph', async () => {
  const step = fc.record({ peer: fc.constantFrom(carol, far('dave')), id: fc.constantFrom('a', 'b'), accepted: fc.boolean(), kind: fc.nat(12) });
  /** Our own Follows and Blocks have an id of their own each, and an answer names the latest. */
  const history = (steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[]): GraphMessage[] => {
    const asked = new Map<string, string>();
    const messages = steps.map(({ peer, id, accepted, kind }, n): GraphMessage => {
      if (kind === 0) return followReceived(peer, id);
      if (kind === 1) return followUndone(peer.actor, id);
      if (kind === 2) return followUndone(peer.actor, null);
      if (kind === 3) return unfollowRequested(peer.actor);
      if (kind === 4) return followAnswered(peer.actor, asked.get(peer.actor) ?? 'unheard of', accepted);
      if (kind === 5) return { type: 'FollowApprovalRequested', data: { actor: alice, at, follower: peer, followId: id } };
      if (kind === 6) return { type: 'FollowerAnswered', data: { actor: alice, at, follower: peer.actor, followId: id, accepted } };
      if (kind === 7) return { type: 'BlockRequested', data: { actor: alice, at, target: peer, blockId: `${alice}#blocks/${n}` } };
      if (kind === 8) return { type: 'UnblockRequested', data: { actor: alice, at, target: peer.actor } };
      if (kind === 9) return { type: 'BlockReceived', data: { actor: alice, at, blocker: peer.actor, blockId: `${peer.actor}#blocks/${n}` } };
      if (kind === 10) return { type: 'BlockUndone', data: { actor: alice, at, blocker: peer.actor, blockId: null } };
      asked.set(peer.actor, `${alice}/follows/${n}`);
      return followRequested(peer, `${alice}/follows/${n}`);
    });
    return messages.map((message, n) => ({ ...message, data: { ...message.data, at: new Date(n * 1000).toISOString() } }) as GraphMessage);
  };
  const state = () =>
    dataSource.query(
      `SELECT actor, follower AS other, follow_id, '' AS state FROM follower UNION ALL SELECT actor, target, follow_id, state FROM following
       UNION ALL SELECT actor, follower, follow_id, 'waits' FROM follow_request UNION ALL SELECT actor, target, block_id, 'blocks' FROM block
       UNION ALL SELECT actor, blocker, block_id, 'is blocked' FROM blocked_by ORDER BY 1, 2, 3, 4`,
    );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.nat(11), async (steps, from) => {
      await dataSource.query('TRUNCATE follower, follow_request, follow_undone, block, blocked_by, actor_refresh, following, delivery_job');
      const messages = history(steps);
      await apply(...messages);
      const once = await state();
      await apply(...messages.slice(from % messages.length));
      expect(await state()).toEqual(once);
    }),
    { numRuns: 150 },
  );
}, 90_000);

test('the fan-out goes where the rules of delivery-policy say', async () => {
  const inbox = fc.constantFrom('https://a.example/inbox', 'https://A.example/inbox', 'https://b.example/x', `${HERE}/inbox`, 'not a url');
  const mailbox = fc.record({ inbox, sharedInbox: fc.option(inbox) });
  await fc.assert(
    fc.asyncProperty(fc.array(mailbox, { maxLength: 8 }), async (mailboxes) => {
      await dataSource.query('TRUNCATE follower, delivery_job');
      // Whoever has no inbox that works is turned away when following.
      const usable = mailboxes.filter((one) => audienceInboxes([{ ...one, sharedInbox: null }], HERE).length > 0);
      await apply(...mailboxes.map((one, n) => followReceived({ ...one, actor: `https://p.example/${n}` }, `f${n}`)));
      await emptyQueue();
      await jobs.enqueueFanOut([{ actor: alice, eventId: 'e1' }]);
      expect(new Set((await queue()).map((job) => job.inbox))).toEqual(new Set(audienceInboxes(usable, HERE)));
    }),
    { numRuns: 40 },
  );
});
