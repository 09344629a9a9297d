import { createTestDatabase, eventually, Instance, type InstanceAccount, type RemotePerson, RemoteServer, type TestDatabase } from '@heliograph/testkit';

/** What must be forgotten is nowhere in the database: not in the log, the tables, the event bus, the keys of repeated requests, or what is known of others. */
let database: TestDatabase;
let instance: Instance;
let remote: RemoteServer;
beforeAll(async () => {
  [database, remote] = await Promise.all([createTestDatabase(), RemoteServer.start()]);
  instance = await Instance.prepare({ DATABASE_URL: database.url });
  await instance.helio('migrate');
  await instance.up();
}, 120_000);
afterAll(async () => {
  await Promise.all([instance?.dispose(), remote?.stop()]);
  await database?.drop();
});

const isThere = async (text: string): Promise<boolean> => (await database.dump()).includes(text);
const gone = (text: string) => eventually(async () => expect({ text, there: await isThere(text) }).toEqual({ text, there: false }), 20_000);

let count = 0;
/** Words that are nowhere else. */
const newWords = (): string => `quokka${(count += 1)}end`;
let clock = Date.now() - 60_000;

/** Somebody who can say things here, whoever looks after them. */
interface Speaker {
  readonly id: string;
  say(words: string, ending?: { readonly inSeconds: number }): Promise<string>;
  clear(statusId: string): Promise<unknown>;
  erase(statusId: string): Promise<unknown>;
}

function local({ id, token }: InstanceAccount): Speaker {
  const asked = async (method: string, path: string, body?: object): Promise<any> => {
    const answer = await instance.request(method, path, { token, body, headers: { 'idempotency-key': `k${(count += 1)}` } });
    expect([200, 204]).toContain(answer.status);
    return answer.body;
  };
  return {
    id,
    say: async (content, ending) => (await asked('PUT', '/api/status', { content, attachment: { href: `https://music.example/${content}`, name: content }, ...(ending ? { expiresIn: ending.inSeconds } : {}) })).status.id,
    clear: () => asked('DELETE', '/api/status'),
    erase: (statusId) => asked('DELETE', `/api/statuses/${statusId.split('/').at(-1)}`),
  };
}

function elsewhere(person: RemotePerson): Speaker {
  const send = async (type: string, object: object): Promise<void> => {
    const context = ['https://www.w3.org/ns/activitystreams', { sm: 'http://smithereen.software/ns#', ActorStatus: 'sm:ActorStatus' }];
    expect((await remote.deliver(person, `${instance.origin}/inbox`, { '@context': context, type, actor: person.id, object })).status).toBe(202);
  };
  const status = (id: string, rest: object = {}) => ({ type: 'ActorStatus', id, attributedTo: person.id, content: '', published: new Date(clock).toISOString(), ...rest });
  return {
    id: person.id,
    async say(content, ending) {
      clock += 1_000;
      const id = `${person.id}/statuses/${clock}`;
      const endTime = ending && new Date(Date.now() + ending.inSeconds * 1000).toISOString();
      await send('Create', status(id, { content, endTime }));
      await eventually(async () => expect((await instance.request('GET', `/api/actors/${encodeURIComponent(person.id)}/status`)).body.status?.id).toBe(id));
      return id;
    },
    clear: (id) => send('Remove', status(id)),
    erase: (id) => send('Delete', status(id)),
  };
}

const speakers = (history: boolean): readonly [string, () => Promise<Speaker>][] => [
  ['here', async () => local(await instance.createAccount(`p${(count += 1)}`, ...(history ? [] : ['--no-history'])))],
  [
    'elsewhere',
    async () => {
      const name = `p${(count += 1)}`;
      return elsewhere(remote.addPerson(name, history ? { statusHistory: `${remote.origin}/users/${name}/history` } : {}));
    },
  ],
];

test('without a history, no text is left of what is superseded, removed or expired', async () => {
  for (const [, make] of speakers(false)) {
    const speaker = await make();
    const [first, second, third, last] = [newWords(), newWords(), newWords(), newWords()];
    await speaker.say(first);
    // While it is current it is there to be found, so that the search can fail.
    expect(await isThere(first)).toBe(true);
    const removed = await speaker.say(second);
    await gone(first);
    expect(await isThere(second)).toBe(true);
    await speaker.clear(removed);
    await gone(second);
    await speaker.say(third, { inSeconds: 1 });
    await gone(third);
    await speaker.say(last);
    expect(await isThere(last)).toBe(true);
  }
}, 120_000);

test('a Delete leaves no text, with a history too', async () => {
  for (const [, make] of speakers(true)) {
    const speaker = await make();
    const [past, current, kept] = [newWords(), newWords(), newWords()];
    const ids = [await speaker.say(past), await speaker.say(kept), await speaker.say(current)];
    for (const words of [past, kept, current]) expect(await isThere(words)).toBe(true);
    await speaker.erase(ids[0]!);
    await gone(past);
    await speaker.erase(ids[2]!);
    await gone(current);
    expect(await isThere(kept)).toBe(true);
  }
}, 60_000);

test('an actor that is deleted leaves no text', async () => {
  const account = await instance.createAccount('leaver');
  const person = remote.addPerson('leaver', { statusHistory: `${remote.origin}/users/leaver/history` });
  const words = [newWords(), newWords(), newWords(), newWords()];
  for (const [index, speaker] of [local(account), elsewhere(person)].entries()) for (const text of words.slice(index * 2, index * 2 + 2)) await speaker.say(text);
  for (const text of words) expect(await isThere(text)).toBe(true);
  await instance.helio('account', 'delete', 'leaver');
  const goodbye = { '@context': 'https://www.w3.org/ns/activitystreams', type: 'Delete', actor: person.id, object: person.id };
  expect((await remote.deliver(person, `${instance.origin}/inbox`, goodbye)).status).toBe(202);
  for (const text of words) await gone(text);
}, 60_000);

test('a history that somebody elsewhere switches off leaves no text of the past', async () => {
  const person = remote.addPerson('forgetful', { statusHistory: `${remote.origin}/users/forgetful/history` });
  const speaker = elsewhere(person);
  const [past, current] = [newWords(), newWords()];
  await speaker.say(past);
  const id = await speaker.say(current);
  expect(await isThere(past)).toBe(true);
  const status = { type: 'ActorStatus', id, attributedTo: person.id, content: current, published: new Date(clock).toISOString() };
  const { statusHistory: _, ...document }: Record<string, unknown> = { ...person.document, status };
  const update = { '@context': 'https://www.w3.org/ns/activitystreams', type: 'Update', actor: person.id, object: document };
  expect((await remote.deliver(person, `${instance.origin}/inbox`, update)).status).toBe(202);
  await gone(past);
  expect(await isThere(current)).toBe(true);
}, 60_000);
