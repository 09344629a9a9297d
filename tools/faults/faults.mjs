// `npm run test:faults -- [--seed N] [--faults N] [--only KIND,…] [--keep]`: the services on real engines under steady load, while everything
// that can break does, one thing after another and sometimes two at a time; then what senders were told is compared with what is there.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { check } from './checker.mjs';
import { Faults } from './inject.mjs';
import { Ledger } from './ledger.mjs';
import { Load } from './load.mjs';
import { observe, restless } from './observe.mjs';
import { KINDS, planOf } from './plan.mjs';
import { printFindings, printRecoveries, summaryOf } from './report.mjs';
import { buildWorld } from './world.mjs';

const READY_MS = 180_000;
const STOP_MS = 120_000;
const REST_MS = 240_000;
/** Longer than the shortest expiry that the load uses. */
const LAST_EXPIRY_MS = 10_000;

const begin = performance.now();
const say = (message) => console.log(`${((performance.now() - begin) / 1_000).toFixed(1).padStart(6)} s  ${message}`);

function options() {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, faults: { type: 'string', default: '40' }, only: { type: 'string' }, keep: { type: 'boolean', default: false } },
  });
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : Number(values.seed);
  const count = Number(values.faults);
  const kinds = values.only === undefined ? KINDS : KINDS.filter((kind) => values.only.split(',').some((wanted) => kind.startsWith(wanted)));
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(count) || count < 0 || kinds.length === 0) {
    throw new Error(`usage: test:faults [--seed N] [--faults N] [--only KIND,…] [--keep]; kinds: ${KINDS.join(', ')}`);
  }
  return { seed, count, kinds, keep: values.keep };
}

async function until(condition, ms, what) {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what} took more than ${ms / 1_000} s`);
    await sleep(250);
  }
}

const allReady = async ({ services }) => (await Promise.all(services.map((service) => service.ready()))).every(Boolean);

/** Carries the plan out. @returns how long the services took to be ready again, where nothing else was broken */
async function breakThings(world, faults, plan) {
  const recoveries = [];
  let running = [];
  for (const fault of plan) {
    if (!fault.overlaps) {
      await Promise.all(running);
      running = [];
    }
    await sleep(fault.pauseMs);
    const carried = faults.carryOut(fault);
    carried.catch(() => undefined);
    running.push(carried);
    if (!fault.settles || fault.overlaps) continue;
    await Promise.all(running);
    const mended = performance.now();
    await until(() => allReady(world), READY_MS, `to be ready after ${fault.act} ${fault.target}`);
    recoveries.push({ kind: `${fault.act}:${fault.target}`, ms: performance.now() - mended });
  }
  await Promise.all(running);
  return recoveries;
}

/** Waits until nothing is under way any more; resolves to what still is after four minutes. */
async function comeToRest(world) {
  const deadline = Date.now() + REST_MS;
  for (;;) {
    const reasons = await restless(world).catch((error) => [`an engine does not answer: ${error.message}`]);
    if (reasons.length === 0 || Date.now() > deadline) return reasons;
    await sleep(1_000);
  }
}

async function run({ seed, count, kinds, directory }) {
  const world = await buildWorld({ directory, seed, say });
  const ledger = new Ledger();
  const load = new Load({ world, ledger, seed });
  const faults = new Faults(world, say);
  for (const service of world.services) service.start();
  await until(() => allReady(world), READY_MS, 'the start of the services');
  const follows = await load.prepare();
  const isAccepted = (id) => world.elsewhere.some(({ received }) => received.some(({ objectId }) => objectId === id));
  await until(() => follows.every(isAccepted), READY_MS, 'the Accepts of the first Follows');
  say('all ready: the load begins');
  load.start();
  let over = false;
  const backups = faults.keepBackups(() => over);
  backups.catch(() => undefined);
  const recoveries = await breakThings(world, faults, planOf({ seed, count, kinds }));
  over = true;
  say(`${faults.done.length} faults done, ${ledger.entries.length} requests, ${ledger.acknowledged} acknowledged: the load ends`);
  for (const host of world.elsewhere) host.calmDown();
  await until(() => allReady(world), READY_MS, 'to be ready after the last fault');
  await load.stop(STOP_MS);
  await backups;
  await sleep(LAST_EXPIRY_MS);
  const unfinished = await comeToRest(world);
  say(unfinished.length === 0 ? 'everything is at rest' : `not at rest: ${unfinished.join('; ')}`);
  const streamed = await load.stopReaders();
  const seen = await observe(world, load.actors);
  const record = { told: ledger.entries, faults: faults.done, restores: faults.restores, unfinished, streamed, ...seen };
  await writeFile(path.join(directory, 'record.json'), JSON.stringify(record));
  return { world, record, recoveries };
}

async function discard({ directory, services, engines }) {
  await Promise.all(services.map((service) => service.end('SIGKILL')));
  await Promise.all(Object.values(engines).map((engine) => engine.kill()));
  await rm(directory, { recursive: true, force: true });
}

function tell({ world, record, recoveries }) {
  const verdict = check(record);
  printRecoveries(recoveries);
  for (const { name, endedByItself } of world.services.filter(({ endedByItself }) => endedByItself > 0)) {
    console.log(`  ${name} ended by itself ${endedByItself} times, and was started again`);
  }
  const again = record.told.filter(({ first, last }) => last > first).length;
  const deliveries = new Set(record.received.map(({ inbox, activityId }) => `${inbox} ${activityId}`)).size;
  console.log(`  ${record.told.length} requests, ${again} of them asked more than once`);
  console.log(`  ${record.log.length} events in the log, ${record.streamed.length} streamed`);
  console.log(`  ${deliveries} deliveries received, ${record.received.length - deliveries} of them again; ${record.cancelled.length} given up`);
  for (const [note, times] of Object.entries(verdict.notes)) if (times > 0) console.log(`  ${times} ${note}`);
  printFindings(verdict.findings, record.faults);
  return verdict;
}

async function main() {
  const { seed, count, kinds, keep } = options();
  const directory = await mkdtemp(path.join(tmpdir(), 'heliograph-faults-'));
  // As root, PostgreSQL runs as another user, who has to get in.
  await chmod(directory, 0o755);
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => process.exit(130));
  console.log(`seed ${seed}, ${count} faults, data and logs in ${directory}`);
  let failed = true;
  try {
    const result = await run({ seed, count, kinds, directory });
    const verdict = tell(result);
    failed = verdict.findings.length > 0;
    if (failed) console.log(`data and logs are in ${directory}; the same faults again: npm run test:faults -- --seed ${seed} --faults ${count}`);
    else if (!keep) await discard(result.world);
    console.log(summaryOf(result.record.faults.length, verdict));
  } catch (error) {
    console.error(`faults: ${error.stack}\nseed ${seed}; data and logs are in ${directory}`);
  }
  // Ends what still runs.
  process.exit(failed ? 1 : 0);
}

await main();
