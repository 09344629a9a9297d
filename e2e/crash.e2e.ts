import { eventually, Instance, RemoteServer, type RemotePerson } from '@heliograph/testkit';
import { setTimeout as sleep } from 'node:timers/promises';

const KILLS = 10;
const SENDERS = 6;

/** Statuses arrive all the time, while the process, and now and then its PostgreSQL, is killed. */
describe('kill -9 while statuses arrive', () => {
  let instance: Instance;
  let remote: RemoteServer;
  beforeAll(async () => {
    [instance, remote] = await Promise.all([Instance.start(), RemoteServer.start()]);
  }, 120_000);
  afterAll(() => Promise.all([instance?.dispose(), remote?.stop()]), 60_000);

  test(`every acknowledged status is there, once, after ${KILLS} kills`, async () => {
    const people = Array.from({ length: SENDERS }, (_, i) => remote.addPerson(`sender${i}`, { statusHistory: `${remote.origin}/users/sender${i}/statuses` }));
    const acknowledged = new Map<string, string[]>(people.map(({ id }) => [id, []]));
    let sending = true;
    /** Sends until it is told 202, as servers do; gives up when the test ends. */
    const acknowledgedBy = async (person: RemotePerson, statusId: string): Promise<boolean> => {
      const activity = createOf(person, statusId);
      while (sending) {
        const response = await remote.deliver(person, `${instance.origin}/inbox`, activity).catch(() => null);
        if (response?.status === 202) return true;
        await sleep(100);
      }
      return false;
    };

    const load = people.map(async (person) => {
      for (let n = 1; sending; n += 1) {
        const statusId = `${person.id}/statuses/${n}`;
        if (await acknowledgedBy(person, statusId)) acknowledged.get(person.id)!.push(statusId);
        await sleep(10);
      }
    });

    for (let kill = 1; kill <= KILLS; kill += 1) {
      await sleep(300 + ((kill * 137) % 400));
      // Both orders, and each alone: the database may die under a living server, too.
      if (kill % 3 === 0) process.kill(await instance.postgresPid(), 'SIGKILL');
      if (kill % 3 !== 0 || kill % 2 === 0) {
        await instance.down('SIGKILL');
        await instance.up();
      } else {
        await eventually(async () => expect((await fetch(`${instance.origin}/readyz`)).status).toBe(200), 30_000);
      }
    }
    await sleep(500);
    sending = false;
    await Promise.all(load);

    const total = [...acknowledged.values()].flat().length;
    expect(total).toBeGreaterThan(KILLS);
    for (const person of people) {
      const sent = acknowledged.get(person.id)!;
      await eventually(async () => {
        const stored = await historyOf(instance, person);
        expect(new Set(stored).size).toBe(stored.length);
        expect(sent.filter((id) => !stored.includes(id))).toEqual([]);
        expect(stored[0]).toBe(greatest(stored));
      }, 30_000);
      const current = await instance.request('GET', `/api/actors/${encodeURIComponent(person.id)}/status`);
      expect(current.body.status.id).toBe(greatest(await historyOf(instance, person)));
    }
  }, 240_000);
});

const numberIn = (statusId: string): number => Number(statusId.split('/').at(-1));
const greatest = (ids: readonly string[]): string => ids.reduce((a, b) => (numberIn(a) > numberIn(b) ? a : b));

const createOf = (person: RemotePerson, statusId: string): object => ({
  '@context': ['https://www.w3.org/ns/activitystreams', { sm: 'http://smithereen.software/ns#', ActorStatus: 'sm:ActorStatus' }],
  type: 'Create',
  id: `${statusId}#create`,
  actor: person.id,
  to: [`${person.id}/followers`],
  object: {
    type: 'ActorStatus',
    id: statusId,
    attributedTo: person.id,
    content: `number ${numberIn(statusId)}`,
    published: new Date(Date.UTC(2026, 0, 1) + numberIn(statusId) * 1000).toISOString(),
  },
});

async function historyOf(instance: Instance, person: RemotePerson): Promise<string[]> {
  const ids: string[] = [];
  let url: string | null = `/api/actors/${encodeURIComponent(person.id)}/history?limit=100`;
  while (url) {
    const { body }: { body: { items: { id: string }[]; next: string | null } } = await instance.request('GET', url);
    ids.push(...body.items.map(({ id }) => id));
    url = body.next;
  }
  return ids;
}
