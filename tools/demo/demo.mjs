// `npm run demo`: two instances on loopback whose people follow each other; prints what happens at each step and how long it took.
import { setTimeout as sleep } from 'node:timers/promises';
import { Instance } from '../../libs/testkit/dist/index.js';

const instances = [];
let stopping = false;

/** Stops both and removes their data. */
async function stop(code) {
  if (stopping) return;
  stopping = true;
  await Promise.all(instances.map((instance) => instance.dispose()));
  process.exit(code);
}
process.on('SIGINT', () => void stop(0));
process.on('SIGTERM', () => void stop(0));

const api = async (person, method, resource, body) => {
  const answer = await person.instance.request(method, resource, { token: person.token, ...(body ? { body } : {}) });
  if (answer.status >= 300) throw new Error(`${method} ${resource}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const join = async (instance, name) => ({ ...(await instance.createAccount(name)), handle: `${name}@${new URL(instance.origin).host}`, instance });
const follows = async (a, b) => (await api(a, 'GET', '/api/following')).items.some(({ actor, state }) => actor.handle === b.handle && state === 'accepted');
const seenBy = async (reader, writer) => (await api(reader, 'GET', '/api/home')).items.find(({ actor }) => actor.handle === writer.handle)?.status ?? null;
const historySeenBy = async (reader, writer) => (await api(reader, 'GET', `/api/actors/${encodeURIComponent(writer.handle)}/history`)).items;

/** Does something, waits until the other side shows it, and prints both times. */
async function step(what, act, shows) {
  const begin = performance.now();
  const result = await act();
  const done = performance.now() - begin;
  while (!(await shows(result))) {
    if (performance.now() - begin > 30_000) throw new Error(`${what}: nothing to see within 30 s`);
    await sleep(2);
  }
  const seen = performance.now() - begin;
  const ms = (time) => `${Math.round(time)} ms`.padStart(7);
  console.log(`  ${what.padEnd(58)} answered ${ms(done)}, seen ${ms(seen)}`);
  return result;
}

try {
  console.log('Starting two instances, each with a PostgreSQL of its own …');
  instances.push(...(await Promise.all([Instance.start(), Instance.start()])));
  const alice = await join(instances[0], 'alice');
  const bob = await join(instances[1], 'bob');
  console.log(`  ${alice.handle} and ${bob.handle} are there.\n`);

  await step('bob follows alice; her server accepts', () => api(bob, 'POST', '/api/following', { actor: alice.handle }), () => follows(bob, alice));
  await step('alice follows bob; his server accepts', () => api(alice, 'POST', '/api/following', { actor: bob.handle }), () => follows(alice, bob));
  const set = (person, status) => () => api(person, 'PUT', '/api/status', status);
  const sees = (reader, writer) => async ({ status }) => (await seenBy(reader, writer))?.id === status.id;
  const seesNothing = (reader, writer) => async () => (await seenBy(reader, writer)) === null;
  const first = await step('alice sets a status; bob sees it', set(alice, { content: 'on the quay, counting ships ⛵' }), sees(bob, alice));
  const link = { href: 'https://lighthouse.example/', name: 'Lighthouses' };
  await step('bob sets one with a link; alice sees it', set(bob, { content: 'reading about lighthouses', attachment: link }), sees(alice, bob));
  await step('alice clears hers; it leaves bob’s home', () => api(alice, 'DELETE', '/api/status'), seesNothing(bob, alice));
  await step('bob sets one that ends in 2 s; alice sees it', set(bob, { content: 'back in a moment', expiresIn: 2 }), sees(alice, bob));
  await step('it ends; it leaves alice’s home, and nothing was sent', async () => undefined, seesNothing(alice, bob));
  const id = first.status.id.split('/').at(-1);
  await step(
    'alice deletes her first one; it leaves her history at bob’s',
    () => api(alice, 'DELETE', `/api/statuses/${id}`),
    async () => !(await historySeenBy(bob, alice)).some((status) => status.id === first.status.id),
  );

  console.log(`\nBoth go on running; Ctrl-C ends them and removes their data.`);
  for (const { handle, id: actor, token, instance } of [alice, bob]) console.log(`  ${handle}: ${actor}  token ${token}  API ${instance.origin}/api/docs`);
  setInterval(() => undefined, 60_000);
} catch (error) {
  if (!stopping) console.error(`demo: ${error.message}`);
  await stop(1);
}
