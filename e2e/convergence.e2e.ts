import { foldActor, makeEvent, type StatusEvent } from '@heliograph/status';
import { eventually, Instance, type RemotePerson, RemoteServer } from '@heliograph/testkit';
import fc from 'fast-check';

const STORIES = 3;
const START = Date.parse('2026-01-01T00:00:00Z');
const FAR = '2100-01-01T00:00:00Z';
const PAST = '2026-06-01T00:00:00Z';

/** One thing that somebody sends. The same few ids come again and again, at instants that are often equal. */
interface Telling {
  readonly type: 'Create' | 'Remove' | 'Delete';
  readonly status: number;
  readonly second: number;
  readonly offset: boolean;
  readonly link: boolean;
}
const telling: fc.Arbitrary<Telling> = fc.record({
  type: fc.constantFrom('Create', 'Create', 'Create', 'Create', 'Remove', 'Delete'),
  status: fc.integer({ min: 1, max: 4 }),
  second: fc.integer({ min: 0, max: 5 }),
  offset: fc.boolean(),
  link: fc.boolean(),
});
const published = ({ second, offset }: Telling): string => (offset ? new Date(START + second * 1000 + 7_200_000).toISOString().replace('Z', '+02:00') : new Date(START + second * 1000).toISOString());
/** What a version says, and how long, follows from which version it is, as with every honest sender. */
const endTime = ({ status, second }: Telling): string | null => [null, FAR, null, PAST][(status + second) % 4]!;
const words = (sent: Telling): string => `${sent.status} at ${published(sent)}`;
const statusId = (who: RemotePerson, { status }: Telling): string => `${who.id}/statuses/${status}`;

function activityOf(who: RemotePerson, sent: Telling): object {
  const id = statusId(who, sent);
  const object = { type: 'ActorStatus', id, attributedTo: who.id, content: words(sent), published: published(sent), ...(endTime(sent) ? { endTime: endTime(sent) } : {}) };
  const context = ['https://www.w3.org/ns/activitystreams', { sm: 'http://smithereen.software/ns#', ActorStatus: 'sm:ActorStatus' }];
  return { '@context': context, type: sent.type, actor: who.id, object: sent.type !== 'Create' && sent.link ? id : object };
}

function eventOf(who: RemotePerson, sent: Telling): StatusEvent {
  const about = { actor: who.id, statusId: statusId(who, sent) };
  const metadata = { receivedAt: new Date().toISOString(), origin: 'remote' } as const;
  if (sent.type === 'Remove') return makeEvent('StatusRemoved', about, metadata);
  if (sent.type === 'Delete') return makeEvent('StatusDeleted', about, metadata);
  const keep = 'statusHistory' in who.document;
  return makeEvent('StatusPublished', { ...about, published: published(sent), endTime: endTime(sent), keep, content: { text: words(sent), language: null, attachment: null } }, metadata);
}

let servers: readonly Instance[];
let remote: RemoteServer;
beforeAll(async () => {
  [servers, remote] = await Promise.all([Promise.all([Instance.start(), Instance.start()]), RemoteServer.start()]);
}, 120_000);
afterAll(() => Promise.all([...(servers ?? []).map((server) => server.dispose()), remote?.stop()]));

/** What readers of a server see of somebody. */
async function seen(server: Instance, { id }: RemotePerson): Promise<unknown> {
  const about = `/api/actors/${encodeURIComponent(id)}`;
  const [status, history] = [await server.request('GET', `${about}/status`), await server.request('GET', `${about}/history?limit=100`)];
  // Nothing was ever recorded about somebody that a server has not heard of.
  if (status.status === 404) return { current: null, history: [] };
  return { current: status.body.status?.content ?? null, history: history.body.items.map(({ content, state }: any) => `${content} ${state}`) };
}

test('two instances that are told the same in different orders end in the same', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const stories = fc.sample(fc.array(telling, { minLength: 6, maxLength: 14 }), { seed, numRuns: STORIES * 2 });
  const people = stories.map((tellings, index) => ({ tellings, who: remote.addPerson(`p${index}`, index % 2 ? { statusHistory: `${remote.origin}/users/p${index}/history` } : {}) }));
  const all = people.flatMap(({ who, tellings }) => tellings.map((sent) => ({ who, sent })));
  const orders = fc.sample(fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }), { seed, numRuns: servers.length });
  // A Delete or Remove of somebody unknown is heard, too.
  await Promise.all(
    servers.map(async (server, index) => {
      for (const { who, sent } of orders[index]!) {
        const answer = await remote.deliver(who, `${server.origin}/inbox`, activityOf(who, sent));
        expect({ seed, status: answer.status }).toEqual({ seed, status: 202 });
      }
    }),
  );
  for (const { who, tellings } of people) {
    const { current, history } = foldActor(tellings.map((sent) => eventOf(who, sent)), Date.now());
    const folded = { current: current?.data.content.text ?? null, history: history.map(({ status, state }) => `${status.data.content.text} ${state}`) };
    for (const server of servers) await eventually(async () => expect({ seed, ...((await seen(server, who)) as object) }).toEqual({ seed, ...folded }));
  }
}, 120_000);
