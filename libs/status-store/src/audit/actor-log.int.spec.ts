import { foldActor, type StatusEvent } from '@heliograph/status';
import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { at, eventsOf, factsAbout, ms } from '../fixtures/events.ts';
import { openStore } from '../fixtures/store.ts';
import { StatusProjection } from '../projection/status-projection.ts';
import { ActorLog } from './actor-log.ts';

let database: TestDatabase;
let dataSource: DataSource;
let projection: StatusProjection;
let log: ActorLog;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openStore(database.url);
  [projection, log] = [new StatusProjection(dataSource), new ActorLog(dataSource)];
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});

let count = 0;
const newActor = () => `https://status.example/users/${(count += 1)}`;
const received = <Event extends StatusEvent>(event: Event, second: number): Event => ({ ...event, metadata: { ...event.metadata, receivedAt: at(second) } });
const then = async (actor: string, second: number) => {
  const found = await log.statusAt(actor, new Date(ms(second)));
  switch (found.kind) {
    case 'shown':
      return found.status.erased ? `${found.status.statusId}, erased` : (found.status.content?.text ?? null);
    case 'none':
      return found.because;
    default:
      return found.kind;
  }
};

test('what stood at an instant goes by what was received until then, not by what was published', async () => {
  const actor = newActor();
  const { publish, remove, gone } = eventsOf(actor);
  await projection.apply([received(publish('late', 1, { keep: true }), 30), received(publish('a', 5, { keep: true, endTime: 20 }), 10)]);
  await projection.apply([received(publish('b', 25, { keep: true }), 24), received(remove('b'), 40), received(gone(), 50)].slice(0, 2));
  expect([await then(actor, 9), await then(actor, 10), await then(actor, 19), await then(actor, 20)]).toEqual(['nothing published', `a of ${at(5)}`, `a of ${at(5)}`, 'expired']);
  expect([await then(actor, 24), await then(actor, 30), await then(actor, 40)]).toEqual([`b of ${at(25)}`, `b of ${at(25)}`, 'removed']);
  await projection.apply([received(gone(), 50)]);
  expect([await then(actor, 49), await then(actor, 50), await then(actor, 24)]).toEqual(['removed', 'actor deleted', 'b, erased']);
  expect(await then(newActor(), 24)).toBe('unknown actor');
});

test('it is what the fold of the events received until then says', async () => {
  await fc.assert(
    fc.asyncProperty(factsAbout('x'), fc.array(fc.nat(20), { minLength: 12, maxLength: 12 }), fc.nat(20), async (facts, seconds, now) => {
      await dataSource.query(`ALTER TABLE status_event DISABLE TRIGGER USER; TRUNCATE status_event, current_status, status_history, erasure_due; ALTER TABLE status_event ENABLE TRIGGER USER`);
      const events = facts.map((event, n) => received(event, seconds[n] ?? 0));
      await projection.apply(events);
      const { current } = foldActor(events.filter(({ metadata }) => Date.parse(metadata.receivedAt) <= ms(now)), ms(now));
      const found = await log.statusAt('x', new Date(ms(now)));
      expect(found.kind === 'shown' ? found.status.eventId : null).toBe(current?.metadata.eventId ?? null);
    }),
    { numRuns: 100 },
  );
});

test('the events of an actor come in the order they were written, the latest of them, and say what is erased', async () => {
  const actor = newActor();
  const { publish, remove, absent } = eventsOf(actor);
  await projection.apply([publish('b', 2)]);
  await projection.apply([publish('a', 1), publish('c', 3, { endTime: 9 })]);
  await projection.apply([remove('a')]);
  await projection.apply([absent(1)]);
  const events = await log.events(actor, 10);
  expect(events.map(({ kind, statusId, erased }) => [kind, statusId, erased])).toEqual([
    ['StatusPublished', 'b', true],
    ['StatusPublished', 'a', true],
    ['StatusPublished', 'c', false],
    ['StatusRemoved', 'a', false],
    ['StatusSeenAbsent', null, false],
  ]);
  expect(events[2]).toMatchObject({ content: { text: `c of ${at(3)}` }, endTime: '2025-01-01T12:00:09Z', receivedAt: at(100), published: at(3), keep: false });
  expect(await log.events(actor, 2)).toEqual(events.slice(-2));
  expect(await log.events(newActor(), 2)).toEqual([]);
});
