// `npm run demo`: two instances on loopback whose people follow each other; prints what happens at each step and how long it took.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const root = path.join(import.meta.dirname, '../..');
const PASSWORD = 'only for the demo';

/** One instance with its own port and data directory. */
class Instance {
  constructor(name, port) {
    this.name = name;
    this.origin = `http://127.0.0.1:${port}`;
    const dataDir = path.join(root, `.helio-demo-${port}`);
    mkdirSync(dataDir, { recursive: true });
    this.env = {
      ...process.env,
      HELIO_PORT: String(port),
      HELIO_HOST: '127.0.0.1',
      HELIO_PUBLIC_URL: this.origin,
      HELIO_DATA_DIR: dataDir,
      HELIO_ALLOW_PRIVATE_NETWORK: 'on',
      HELIO_LOG_LEVEL: process.env.HELIO_LOG_LEVEL ?? 'warn',
      DATABASE_URL: '',
    };
  }

  async start() {
    this.process = spawn(process.execPath, [path.join(root, 'apps/all-in-one/dist/main.js')], { cwd: root, env: this.env, stdio: ['ignore', 'ignore', 'inherit'], detached: true });
    this.process.on('exit', (code) => {
      if (!stopping) fail(`${this.name} ended with ${code}`);
    });
    for (;;) {
      const ready = await fetch(`${this.origin}/readyz`).catch(() => null);
      if (ready?.status === 200) return;
      await sleep(50);
    }
  }

  /** The account of that name: made at the first run, found again at later ones. */
  async person(name) {
    const helio = (...args) => promisify(execFile)(process.execPath, [path.join(root, 'apps/cli/dist/main.js'), ...args], { env: this.env, cwd: root });
    const made = await helio('account', 'create', name, '--email', `${name}@mail.example`, '--password', PASSWORD).catch(() => helio('account', 'token', name));
    return { ...JSON.parse(made.stdout), handle: `${name}@${new URL(this.origin).host}`, instance: this };
  }
}

const request = async (person, method, resource, body) => {
  const response = await fetch(person.instance.origin + resource, {
    method,
    headers: { authorization: `Bearer ${person.token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) fail(`${method} ${resource}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : null;
};

const seenBy = async (reader, writer) => (await request(reader, 'GET', '/api/home')).items.find(({ actor }) => actor.handle === writer.handle)?.status ?? null;

/** Does something and waits until `seen` is true; prints both times. */
async function step(what, act, seen) {
  const begin = performance.now();
  await act();
  const done = performance.now();
  while (!(await seen())) {
    if (performance.now() - begin > 30_000) fail(`${what}: not seen within 30 s`);
    await sleep(5);
  }
  const ms = (from) => `${Math.round(performance.now() - from)} ms`;
  console.log(`${what.padEnd(66)} done in ${String(Math.round(done - begin)).padStart(5)} ms, seen after ${ms(begin).padStart(8)}`);
}

let stopping = false;
const instances = [new Instance('east', Number(process.env.HELIO_DEMO_PORT ?? 8081)), new Instance('west', Number(process.env.HELIO_DEMO_PORT ?? 8081) + 1)];
const stop = async (code) => {
  stopping = true;
  const running = instances.filter(({ process: child }) => child && child.exitCode === null);
  await Promise.all(running.map(({ process: child }) => new Promise((resolve) => child.once('exit', resolve).kill('SIGTERM'))));
  process.exit(code);
};
function fail(message) {
  console.error(`demo: ${message}`);
  void stop(1);
  throw new Error(message);
}
process.on('SIGINT', () => void stop(0));
process.on('SIGTERM', () => void stop(0));

console.log('Starting two instances, each with its own PostgreSQL …');
await Promise.all(instances.map((instance) => instance.start()));
const alice = await instances[0].person('alice');
const bob = await instances[1].person('bob');
console.log(`${alice.handle} and ${bob.handle} are there.\n`);

const follows = async (a, b) => (await request(a, 'GET', '/api/following')).items.some(({ actor, state }) => actor.handle === b.handle && state === 'accepted');
await step('bob follows alice, and her server accepts', () => request(bob, 'POST', '/api/following', { actor: alice.handle }), () => follows(bob, alice));
await step('alice follows bob, and his server accepts', () => request(alice, 'POST', '/api/following', { actor: bob.handle }), () => follows(alice, bob));
let set;
const text = `on the quay, counting ships (${new Date().toISOString().slice(11, 19)})`;
await step('alice sets a status; bob sees it', async () => (set = await request(alice, 'PUT', '/api/status', { content: text })), async () => (await seenBy(bob, alice))?.content === text);
await step('bob sets one with a link; alice sees it', () => request(bob, 'PUT', '/api/status', { content: 'reading about lighthouses', attachment: { href: 'https://lighthouse.example/', name: 'Lighthouses' } }), async () => (await seenBy(alice, bob))?.attachment?.name === 'Lighthouses');
await step('alice clears hers; it leaves bob’s home', () => request(alice, 'DELETE', '/api/status'), async () => (await seenBy(bob, alice)) === null);
await step('bob sets one that expires in 3 s; alice sees it', () => request(bob, 'PUT', '/api/status', { content: 'back in a moment', expiresIn: 3 }), async () => (await seenBy(alice, bob))?.content === 'back in a moment');
await step('it expires; it leaves alice’s home, and nothing was sent', async () => undefined, async () => (await seenBy(alice, bob)) === null);
const past = set.status.id.split('/').at(-1);
const inHistory = async () => (await request(bob, 'GET', `/api/actors/${encodeURIComponent(alice.handle)}/history`)).items.some(({ id }) => id === set.status.id);
await step('alice deletes her first status; it leaves the history bob sees', () => request(alice, 'DELETE', `/api/statuses/${past}`), async () => !(await inHistory()));

console.log(`\nBoth go on running. Profiles: ${alice.id}  ${bob.id}\nTokens: alice ${alice.token}  bob ${bob.token}\nCtrl-C ends them.`);
await new Promise(() => undefined);
