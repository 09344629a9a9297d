import { Accounts } from '@heliograph/accounts';
import { type GraphMessage, graphCodec, GROUPS, type StatusRecorded, statusRecordedCodec, TOPICS } from '@heliograph/contracts';
import { type Engines, migrateDatabase, openEngines, type Service } from '@heliograph/engines';
import { checkRequest, readSignature, verifyRequest } from '@heliograph/http-signatures';
import { loadConfig } from '@heliograph/platform';
import { makeEvent, type StatusEvent } from '@heliograph/status';
import { StatusProjection } from '@heliograph/status-store';
import { createTestDatabase, eventually, type ReceivedActivity, RemoteServer, type TestDatabase } from '@heliograph/testkit';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createDelivery } from './app.module.ts';
import { UpkeepFlow } from './upkeep.flow.ts';

const HERE = 'http://here.test';
const at = '2026-01-05T12:00:00.000Z';

let database: TestDatabase;
let engines: Engines;
let accounts: Accounts;
let service: Service;
let remote: RemoteServer;
const servers: Server[] = [];
let names = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  const config = loadConfig({
    DATABASE_URL: database.url,
    HELIO_PUBLIC_URL: HERE,
    HELIO_ALLOW_PRIVATE_NETWORK: 'on',
    HELIO_DELIVERY_RETRY_SECONDS: '1',
    HELIO_DELIVERY_WORKERS: '6',
  });
  await migrateDatabase(config);
  engines = await openEngines(config);
  accounts = new Accounts(engines.dataSource, { publicUrl: HERE });
  remote = await RemoteServer.start();
  service = await createDelivery(engines);
});
afterAll(async () => {
  await service?.app.close();
  await remote?.stop();
  for (const server of servers) server.close().closeAllConnections();
  await engines?.close();
  await database?.drop();
});
beforeEach(() => {
  remote.received.length = 0;
  remote.inboxStatus.clear();
});

async function newAccount(): Promise<{ actor: string; publicKeyPem: string; name: string }> {
  const name = `user${(names += 1)}`;
  const made = await accounts.create({ name, email: `${name}@mail.example`, password: 'correct horse', history: false });
  if (made.kind !== 'created') throw new Error(made.kind);
  return { actor: made.account.actor, publicKeyPem: made.account.publicKeyPem, name };
}

const tell = (message: GraphMessage) => engines.bus.publish(TOPICS.graph.name, [{ key: message.data.actor, value: graphCodec.encode(message) }]);
const followedBy = (actor: string, follower: { id: string; inbox: string }, sharedInbox: string | null = null, followId = `${follower.id}/follows/1`) =>
  tell({ type: 'FollowReceived', data: { actor, at, follower: { actor: follower.id, inbox: follower.inbox, sharedInbox }, followId, activity: {} } });

/** As the projection does it: into the log, then recorded. */
async function record(...events: StatusEvent[]): Promise<void> {
  await new StatusProjection(engines.dataSource).apply(events);
  const recorded = events.map(({ type, data, metadata }): StatusRecorded => {
    const { actor } = data;
    const statusId = 'statusId' in data ? data.statusId : null;
    const published = 'published' in data ? data.published : null;
    return { type: 'StatusRecorded', data: { actor, eventId: metadata.eventId, kind: type, statusId, published, origin: metadata.origin } };
  });
  await engines.bus.publish(TOPICS.statusRecorded.name, recorded.map((message) => ({ key: message.data.actor, value: statusRecordedCodec.encode(message) })));
}
let clock = Date.now();
function published(actor: string, text: string, more: { endTime?: string; origin?: 'local' | 'remote' } = {}): StatusEvent {
  clock += 1;
  const content = { text, language: null, attachment: null };
  const data = { actor, statusId: `${actor}/statuses/${clock}`, published: new Date(clock).toISOString(), content, endTime: more.endTime ?? null, keep: false };
  return makeEvent('StatusPublished', data, { receivedAt: new Date(clock).toISOString(), origin: more.origin ?? 'local' });
}
const idOf = (event: StatusEvent): string => ('statusId' in event.data ? event.data.statusId : '');
const marked = (type: 'StatusRemoved' | 'StatusDeleted', event: StatusEvent): StatusEvent =>
  makeEvent(type, { actor: event.data.actor, statusId: idOf(event) }, { receivedAt: new Date(clock).toISOString(), origin: 'local' });

const jobs = (actor: string) =>
  engines.dataSource.query<{ state: string; attempts: number; last_error: string | null; in_seconds: number }[]>(
    `SELECT state, attempts, last_error, extract(epoch FROM due_at - now())::int AS in_seconds FROM delivery_job WHERE actor = $1 ORDER BY id`,
    [actor],
  );
/** The service has taken in what was published. */
const handled = () =>
  eventually(async () => expect((await engines.bus.lag()).filter(({ group, messages }) => group === GROUPS.delivery && messages > 0)).toEqual([]));
/** And nothing of the actor is left to send. */
const settled = async (actor: string) => {
  await handled();
  await eventually(async () => expect((await jobs(actor)).filter(({ state }) => state === 'pending')).toEqual([]));
};
const receivedOf = (actor: string) => remote.received.filter(({ activity }) => activity['actor'] === actor);
const typesTo = (actor: string) => receivedOf(actor).map(({ activity, path }) => `${String(activity['type'])} ${path}`);

/** A server that answers as `answer` says. */
async function peer(answer: (count: number, respond: (status: number, headers?: Record<string, string>, body?: string) => void, headers: IncomingHttpHeaders) => void): Promise<{ origin: string; times: number[] }> {
  const times: number[] = [];
  const server = createServer((request, response) => {
    request.resume();
    times.push(Date.now());
    answer(times.length, (status, headers = {}, body = '') => response.writeHead(status, headers).end(body), request.headers);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, times };
}
const personAt = (origin: string, name = 'someone') => ({ id: `${origin}/${name}`, inbox: `${origin}/${name}/inbox` });

const verify = (received: ReceivedActivity, publicKeyPem: string) => {
  const read = readSignature(received.headers);
  if (read.kind !== 'signature') throw new Error(JSON.stringify(read));
  const request = { method: 'POST', path: received.path, headers: received.headers, body: received.body, signature: read.value, now: new Date(), hosts: [new URL(remote.origin).host] };
  return [checkRequest(request), verifyRequest({ ...request, publicKeyPem })];
};

describe('a follower', () => {
  test('gets the Accept, then the current status; and what comes later once per shared inbox, signed', async () => {
    const { actor, publicKeyPem } = await newAccount();
    const [first, second] = [remote.addPerson('first'), remote.addPerson('second')];
    await record(published(actor, 'before'));
    await followedBy(actor, first, `${remote.origin}/inbox`);
    await followedBy(actor, second, `${remote.origin}/inbox`);
    await eventually(() => expect(typesTo(actor)).toHaveLength(4));
    for (const { inbox } of [first, second]) {
      const own = typesTo(actor).filter((one) => one.endsWith(new URL(inbox).pathname));
      expect(own.map((one) => one.split(' ')[0])).toEqual(['Accept', 'Create']);
    }
    const later = published(actor, 'after');
    await record(later, marked('StatusRemoved', later));
    await record(marked('StatusDeleted', later));
    await settled(actor);
    // Cleared before its Create went out, or after: what was said of it is true either way.
    const shared = typesTo(actor).slice(4).filter((one) => one !== 'Create /inbox');
    expect(shared).toEqual(['Remove /inbox', 'Delete /inbox']);
    const one = receivedOf(actor)[0]!;
    expect(verify(one, publicKeyPem)).toEqual([{ kind: 'valid' }, { kind: 'valid' }]);
    expect(verify({ ...one, body: Buffer.from('{}') }, publicKeyPem)[1]).toMatchObject({ kind: 'invalid' });
    expect(one.headers['content-type']).toBe('application/activity+json');
  });

  test('gets statuses in their order, none twice, and nothing of others', async () => {
    const { actor } = await newAccount();
    await followedBy(actor, remote.addPerson('orderly'));
    await settled(actor);
    const events = Array.from({ length: 5 }, (_, n) => published(actor, `number ${n}`));
    for (const event of events) {
      await record(event);
      await record(event, published('http://elsewhere.test/users/x', 'not ours', { origin: 'remote' }));
      await remote.waitFor(({ id }) => id === `${idOf(event)}/create`);
    }
    const ids = receivedOf(actor).flatMap(({ activity }) => (activity['type'] === 'Create' ? [String(activity['id'])] : []));
    expect([...new Set(ids)]).toEqual(events.map((event) => `${idOf(event)}/create`));
  });

  test('that has left gets nothing', async () => {
    const { actor } = await newAccount();
    const person = remote.addPerson('leaver');
    await followedBy(actor, person);
    await settled(actor);
    await tell({ type: 'FollowUndone', data: { actor, at, follower: person.id, followId: `${person.id}/follows/1` } });
    await followedBy(actor, person);
    await handled();
    await record(published(actor, 'too late'));
    await handled();
    const other = await newAccount();
    await followedBy(other.actor, person);
    await remote.waitFor(({ type, actor: sender }) => type === 'Accept' && sender === other.actor);
    expect(typesTo(actor)).toEqual(['Accept /users/leaver/inbox']);
  });
});

describe('what a peer answers', () => {
  test('503 and a peer that is away: again later, under the same id, until it works', async () => {
    const { actor } = await newAccount();
    let down = await RemoteServer.start();
    const port = Number(new URL(down.origin).port);
    const person = down.addPerson('sleeper');
    await followedBy(actor, person);
    await settled(actor);
    await down.stop();
    const event = published(actor, 'meanwhile');
    await record(event);
    await eventually(async () => expect(await jobs(actor)).toMatchObject([{ state: 'pending', attempts: 1, last_error: expect.stringContaining('unreachable') }]));
    down = await RemoteServer.start(port);
    down.inboxStatus.set('/users/sleeper/inbox', 503);
    await eventually(async () => expect((await jobs(actor))[0]?.last_error).toBe('HTTP 503'));
    down.inboxStatus.clear();
    const { activity } = await down.waitFor(({ type }) => type === 'Create');
    expect(activity).toMatchObject({ id: `${idOf(event)}/create`, object: { content: 'meanwhile' } });
    await settled(actor);
    await down.stop();
  });

  test('a status that is superseded or expires meanwhile is not sent any more', async () => {
    const { actor } = await newAccount();
    const person = remote.addPerson('patient');
    await followedBy(actor, person);
    await settled(actor);
    remote.inboxStatus.set('/users/patient/inbox', 503);
    await record(published(actor, 'stale'));
    await eventually(async () => expect(await jobs(actor)).toMatchObject([{ attempts: 1 }]));
    await record(published(actor, 'short', { endTime: new Date(Date.now() + 500).toISOString() }));
    await handled();
    await eventually(async () => expect((await jobs(actor)).every(({ attempts }) => attempts > 0)).toBe(true));
    remote.inboxStatus.clear();
    await settled(actor);
    expect(typesTo(actor)).toEqual(['Accept /users/patient/inbox']);
  });

  test.each([400, 403, 501, 302])('%d: not again', async (status) => {
    const { actor } = await newAccount();
    const there = await peer((_, respond) => respond(status, { location: `${remote.origin}/inbox` }));
    await followedBy(actor, personAt(there.origin));
    await settled(actor);
    expect(await jobs(actor)).toMatchObject([{ state: 'dead', attempts: 1, last_error: `HTTP ${status}` }]);
    // A 400 may have meant the form of the signature: the other one is tried at once.
    expect(there.times).toHaveLength(status === 400 ? 2 : 1);
    expect(typesTo(actor)).toEqual([]);
  });

  test.each([
    ['draft-cavage-12', (headers: IncomingHttpHeaders) => !('signature-input' in headers), [true, true]],
    ['RFC 9421', (headers: IncomingHttpHeaders) => 'signature-input' in headers, [false, true, true]],
  ])('one that takes signatures of %s only gets what it takes, and from then on first', async (_form, takes, taken) => {
    const { actor } = await newAccount();
    const seen: boolean[] = [];
    const there = await peer((_, respond, headers) => {
      seen.push(takes(headers));
      respond(takes(headers) ? 202 : 401);
    });
    await followedBy(actor, personAt(there.origin));
    await settled(actor);
    await followedBy(actor, personAt(there.origin, 'another'));
    await settled(actor);
    expect(seen).toEqual(taken);
  });

  test('Retry-After: not before', async () => {
    const { actor } = await newAccount();
    const there = await peer((_, respond) => respond(429, { 'retry-after': '120' }));
    await followedBy(actor, personAt(there.origin));
    await eventually(async () => expect(await jobs(actor)).toMatchObject([{ attempts: 1, last_error: 'HTTP 429' }]));
    expect((await jobs(actor))[0]!.in_seconds).toBeGreaterThan(110);
  });

  test('410: who was behind it follows no more', async () => {
    const { actor } = await newAccount();
    const there = await peer((_, respond) => respond(410));
    await followedBy(actor, personAt(there.origin));
    await settled(actor);
    expect(await engines.dataSource.query('SELECT FROM follower WHERE actor = $1', [actor])).toEqual([]);
  });

  test('nothing for seven days: given up', async () => {
    const { actor } = await newAccount();
    const there = await peer((_, respond) => respond(500));
    await followedBy(actor, personAt(there.origin));
    await eventually(async () => expect((await jobs(actor))[0]?.attempts).toBe(1));
    await engines.dataSource.query(`UPDATE delivery_job SET first_attempt_at = now() - interval '8 days', due_at = now() WHERE actor = $1`, [actor]);
    await eventually(async () => expect((await jobs(actor))[0]).toMatchObject({ state: 'dead', attempts: 2, last_error: 'HTTP 500' }));
  });
});

test('a host that does not answer holds up nobody else', async () => {
  const { actor } = await newAccount();
  const stuck = await peer(() => undefined);
  for (let n = 0; n < 8; n += 1) await followedBy(actor, personAt(stuck.origin, `p${n}`));
  await eventually(() => expect(stuck.times).toHaveLength(4));
  const before = Date.now();
  await followedBy(actor, remote.addPerson('quick'));
  await remote.waitFor(({ type, actor: sender }) => type === 'Accept' && sender === actor);
  expect(Date.now() - before).toBeLessThan(2_000);
  expect(stuck.times).toHaveLength(4);
  await engines.dataSource.query('DELETE FROM delivery_job WHERE actor = $1', [actor]);
  for (const server of servers) server.closeAllConnections();
});

describe('following', () => {
  test('Follow, then Undo of the same', async () => {
    const { actor } = await newAccount();
    const person = remote.addPerson('popular');
    const followId = `${actor}/follows/1`;
    await tell({ type: 'FollowRequested', data: { actor, at, target: { actor: person.id, inbox: person.inbox, sharedInbox: null }, followId } });
    await remote.waitFor(({ type, actor: sender }) => type === 'Follow' && sender === actor);
    await tell({ type: 'UnfollowRequested', data: { actor, at, target: person.id } });
    const { activity } = await remote.waitFor(({ type, actor: sender }) => type === 'Undo' && sender === actor);
    expect(activity).toMatchObject({ id: `${followId}/undo`, object: { type: 'Follow', id: followId, actor, object: person.id } });
  });
});

test('a deleted account signs its Delete, then its key is forgotten', async () => {
  const { actor, name, publicKeyPem } = await newAccount();
  await followedBy(actor, remote.addPerson('mourner'), `${remote.origin}/inbox`);
  await settled(actor);
  await accounts.delete(name);
  remote.inboxStatus.set('/inbox', 503);
  await tell({ type: 'AccountDeleted', data: { actor, at } });
  await eventually(async () => expect(await jobs(actor)).toMatchObject([{ attempts: 1 }]));
  await service.app.get(UpkeepFlow).run();
  expect(await accounts.signingKey(actor)).not.toBeNull();
  remote.inboxStatus.clear();
  const received = await remote.waitFor(({ type, object }) => type === 'Delete' && object === actor);
  expect(verify(received, publicKeyPem)[1]).toEqual({ kind: 'valid' });
  await settled(actor);
  await service.app.get(UpkeepFlow).run();
  expect(await accounts.signingKey(actor)).toBeNull();
});

test('a large error page is an answer like any other: the delivery is tried again', async () => {
  const { actor } = await newAccount();
  let broken = true;
  const verbose = await peer((_, respond) => (broken ? respond(503, {}, 'x'.repeat(200_000)) : respond(202)));
  await followedBy(actor, personAt(verbose.origin));
  await eventually(() => expect(verbose.times.length).toBeGreaterThan(0));
  broken = false;
  await settled(actor);
  expect(verbose.times.length).toBeGreaterThan(1);
});

describe('stopping and starting', () => {
  test('a restored database goes on where it was: what it does not know to be fanned out is fanned out again', async () => {
    const { actor } = await newAccount();
    const { id, inbox } = remote.addPerson('restorer');
    await followedBy(actor, { id, inbox });
    await settled(actor);
    await record(published(actor, 'known to a backup'));
    await settled(actor);
    const offsets = await engines.dataSource.query<{ topic: string; next_offset: string }[]>('SELECT topic, next_offset FROM graph_offset');
    expect(new Set(offsets.map(({ topic }) => topic))).toEqual(new Set([TOPICS.graph.name, TOPICS.statusRecorded.name]));
    // As it was before the fan-out.
    await service.app.close();
    await engines.dataSource.query('DELETE FROM delivery_job');
    await engines.dataSource.query('UPDATE graph_offset SET next_offset = 0 WHERE topic = $1', [TOPICS.statusRecorded.name]);
    const before = remote.received.length;
    service = await createDelivery(engines);
    await eventually(() => expect(remote.received.slice(before).map(({ activity: { type } }) => type)).toContain('Create'));
  });

  test('what is under way is finished; what came meanwhile goes out after the start', async () => {
    const { actor } = await newAccount();
    let answer: () => void = () => undefined;
    const slow = await peer((_, respond) => (answer = () => respond(202)));
    await followedBy(actor, personAt(slow.origin));
    await eventually(() => expect(slow.times).toHaveLength(1));
    const closed = service.app.close();
    await followedBy(actor, remote.addPerson('waiting'));
    answer();
    await closed;
    // The Accept was answered, so it is done; what was to follow was never begun.
    const left = await engines.dataSource.query('SELECT kind FROM delivery_job WHERE actor = $1 AND inbox LIKE $2', [actor, `${slow.origin}/%`]);
    expect(left).toEqual([{ kind: 'current-status' }]);
    expect([slow.times.length, typesTo(actor)]).toEqual([1, []]);
    service = await createDelivery(engines);
    await remote.waitFor(({ type, actor: sender }) => type === 'Accept' && sender === actor);
  });

  test('jobs that a killed process had leased go out at once', async () => {
    const { actor } = await newAccount();
    const person = remote.addPerson('survivor');
    await followedBy(actor, person);
    await settled(actor);
    await service.app.close();
    await engines.dataSource.query(
      `INSERT INTO delivery_job (actor, event_id, kind, payload, inbox, lease_until, lease_by)
       SELECT $1, 'again', 'accept', jsonb_build_object('follower', $2::text, 'followId', (SELECT follow_id FROM follower WHERE actor = $1 AND follower = $2)), $3, now() + interval '1 hour', $4`,
      [actor, person.id, person.inbox, `${(await import('node:os')).hostname()}:${engines.config.http.port}`],
    );
    service = await createDelivery(engines);
    await eventually(() => expect(typesTo(actor).filter((one) => one.startsWith('Accept'))).toHaveLength(2));
  });
});
