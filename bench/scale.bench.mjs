// Does the projection scale? One process against two on the same partitions, and few actors in the tables against many.
//   npm run bench -- scale [processes|actors]
import { availableParallelism } from 'node:os';
import { startKafka, startPostgres } from './engines.mjs';
import { addKnownActors } from './projection/known-actors.mjs';
import { preload, project } from './projection/service.mjs';
import { mix } from './projection/workloads.mjs';
import { percentile, round } from './statistics.mjs';

const ROUNDS = 3;
const EVENTS = { processes: 100_000, actors: 40_000 };
const FEW = 10_000;
const MANY = 1_000_000;

/** Median rates of the ways to do it, taken in turn. */
async function compare(ways) {
  const rates = new Map(Object.keys(ways).map((name) => [name, []]));
  for (let i = 0; i < ROUNDS; i += 1) {
    for (const [name, run] of i % 2 === 0 ? Object.entries(ways) : Object.entries(ways).reverse()) {
      const { events, seconds, cpu } = await run();
      rates.get(name).push(events / seconds);
      console.log(`${name}: ${round(events / seconds, 0)} events/s in ${round(seconds)} s, CPU seconds of the projection ${round(cpu)}`);
    }
  }
  return Object.fromEntries([...rates].map(([name, samples]) => [name, round(percentile(samples, 0.5), 0)]));
}

/** On a fresh copy of a database (null: an empty one) that nobody needs afterwards. */
async function onCopy(postgres, original, work) {
  const database = await postgres.createDatabase(original);
  await postgres.settle();
  const result = await work(database);
  await postgres.dropDatabase(database);
  return result;
}

async function byProcesses(postgres) {
  const kafka = await startKafka();
  try {
    await preload(kafka.brokers, [...mix(EVENTS.processes)]);
    const run = (processes) => onCopy(postgres, null, (database) => project({ database, brokers: kafka.brokers, count: EVENTS.processes, processes, held: true }));
    const { one, two } = await compare({ one: () => run(1), two: () => run(2) });
    console.log(`${availableParallelism()} cores, which PostgreSQL and Kafka need as well`);
    return { one, two, ratio: round(two / one, 2), cores: availableParallelism() };
  } finally {
    await kafka.stop();
  }
}

async function byActors(postgres) {
  const databases = { few: await postgres.createDatabase(), many: await postgres.createDatabase() };
  await addKnownActors(databases.few, FEW);
  await addKnownActors(databases.many, MANY);
  // As many people are at it, whoever else there is; and everybody is at it.
  const streams = { few: { actors: FEW }, some: { actors: FEW, step: MANY / FEW }, all: { actors: MANY } };
  const brokers = {};
  for (const [name, stream] of Object.entries(streams)) {
    brokers[name] = await startKafka();
    await preload(brokers[name].brokers, [...mix(EVENTS.actors, stream)]);
  }
  try {
    const run = (original, stream) => onCopy(postgres, original, (database) => project({ database, brokers: brokers[stream].brokers, count: EVENTS.actors }));
    const { few, some, all } = await compare({ few: () => run(databases.few, 'few'), some: () => run(databases.many, 'some'), all: () => run(databases.many, 'all') });
    return { few, many: some, ratio: round(some / few, 2), allActive: all, allActiveRatio: round(all / few, 2) };
  } finally {
    for (const kafka of Object.values(brokers)) await kafka.stop();
  }
}

const PARTS = { processes: byProcesses, actors: byActors };

export default async function scale() {
  const asked = process.argv.slice(3);
  const unknown = asked.filter((name) => !(name in PARTS));
  if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are: ${Object.keys(PARTS).join(', ')}`);
  const postgres = await startPostgres();
  try {
    const results = {};
    for (const part of asked.length > 0 ? asked : Object.keys(PARTS)) {
      results[part] = await PARTS[part](postgres);
      console.log(`${part}: ${JSON.stringify(results[part])}`);
    }
    const { actors } = results;
    return { ...(actors ? { ours: actors.many, limit: actors.few, ratio: actors.ratio } : {}), unit: 'events/s, with 1,000,000 actors in the tables and with 10,000', ...results };
  } finally {
    await postgres.stop();
  }
}
