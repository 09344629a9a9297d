import { describeWithEngine, eventually, RemoteServer, SeparateServices, SERVICES, type TestDatabase, throughPooler } from '@heliograph/testkit';

type Environment = (database: TestDatabase) => Readonly<Record<string, string>>;

describe('separate services, the event bus on PostgreSQL', () => provesBothJourneys(() => ({})));
describeWithEngine('kafka', 'separate services, the event bus on Apache Kafka', (brokers) => provesBothJourneys(() => ({ KAFKA_BROKERS: brokers })));
describeWithEngine('kafka', 'separate services, the event bus on Apache Kafka', (brokers) =>
  describeWithEngine('pgbouncer', 'and PostgreSQL behind PgBouncer in transaction mode', (pooler) =>
    provesBothJourneys((database) => ({ KAFKA_BROKERS: brokers, DATABASE_URL: throughPooler(database, pooler), DATABASE_DIRECT_URL: database.url })),
  ),
);

/** The four services as processes of their own, behind a proxy that sends inbox paths to inbox-ingest. */
function provesBothJourneys(environment: Environment): void {
  let services: SeparateServices;
  let remote: RemoteServer;
  let onKafka: boolean;

  beforeAll(async () => {
    [services, remote] = await Promise.all([
      SeparateServices.prepare((database) => {
        const env = environment(database);
        onKafka = 'KAFKA_BROKERS' in env;
        return env;
      }),
      RemoteServer.start(),
    ]);
  }, 60_000);
  afterAll(async () => {
    await services?.dispose();
    await remote?.stop();
  }, 60_000);

  test('a service says what to do when the schema is missing', async () => {
    const child = services.run('gateway');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
    expect(services.log).toMatch(/run "npx helio migrate"/);
    services.forgetLog();
  });

  test('both journeys cross all of them, also when each is killed in between', async () => {
    expect(await services.helio('migrate')).toMatch(/migrated/);
    expect(await services.helio('migrate')).toMatch(/up to date/);
    if (onKafka) {
      const copies = ['--replication', '1', '--min-insync-replicas', '1'];
      expect(await services.helio('topics', 'apply', ...copies)).toMatch(/made: status\.submitted\.v1|as they should be/);
      expect(await services.helio('topics', 'apply', ...copies)).toBe('the topics are as they should be\n');
    }
    await Promise.all(SERVICES.map((service) => services.start(service)));
    const alice = await services.createAccount('alice');
    const bob = remote.addPerson('bob', { statusHistory: `${remote.origin}/history` });
    const follow = { '@context': 'https://www.w3.org/ns/activitystreams', type: 'Follow', id: `${bob.id}/follows/1`, actor: bob.id, object: alice.id };
    expect((await remote.deliver(bob, `${alice.id}/inbox`, follow)).status).toBe(202);
    await remote.waitFor(({ type }) => type === 'Accept');

    let number = 0;
    for (const service of [null, ...SERVICES]) {
      if (service) {
        await services.kill(service, 'SIGKILL');
        await services.start(service);
      }
      number += 1;
      const set = await services.api('PUT', '/api/status', alice.token, { content: `number ${number}` });
      expect([200, 202]).toContain(set.status);
      await remote.waitFor(({ type, object }) => type === 'Create' && (object as { id: string }).id === set.body.status.id);
      const id = `${bob.id}/statuses/${number}`;
      const object = { type: 'ActorStatus', id, attributedTo: bob.id, content: `number ${number}`, published: new Date(Date.UTC(2026, 0, number)).toISOString() };
      expect((await remote.deliver(bob, `${services.origin}/inbox`, { type: 'Create', actor: bob.id, object })).status).toBe(202);
      await eventually(async () => expect((await services.api('GET', `/api/actors/${encodeURIComponent(bob.id)}/status`)).body.status?.id).toBe(id), 30_000);
    }
    const created = remote.received.filter(({ activity }) => activity['type'] === 'Create');
    expect(new Set(created.map(({ activity }) => activity['id'])).size).toBe(number);
  }, 180_000);

  test('each stops gracefully within 10 s', async () => {
    for (const service of SERVICES) {
      const begin = Date.now();
      expect({ service, code: await services.kill(service, 'SIGTERM') }).toEqual({ service, code: 0 });
      expect(Date.now() - begin).toBeLessThan(10_000);
    }
  }, 60_000);
}
