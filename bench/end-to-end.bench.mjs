// From a signed POST to the inbox to the status being seen, through the four services on real engines, at half of what they can sustain.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { Follower } from './end-to-end/follower.mjs';
import { Signer } from './end-to-end/signer.mjs';
import { readUntil, StreamWatch } from './end-to-end/watch.mjs';
import { insertPeople, makeKeys, personOf } from './remote-people.mjs';
import { startServices } from './services.mjs';
import { percentile, round } from './statistics.mjs';

const ROUNDS = 3;
const SENDERS = 1_000;
const WRITERS = 4;
const WARM_UP = 8_000;
/** Statuses of one round that are sent as fast as they are taken. */
const FLOOD = 6_000;
const AT_ONCE = 64;
const LOAD = 0.5;
const PACED_SECONDS = 12;
/** Of so many statuses one is looked for by reading the actor; the stream tells of all. */
const READ_ONE_IN = 20;
const SET_EVERY_MS = 200;
const LIMIT_MS = 500;

const shares = (samples) => [0.5, 0.95, 0.99].map((p) => `p${p * 100} ${round(percentile(samples, p))}`).join(', ');
const median = (values) => percentile(values, 0.5);

export default async function endToEnd() {
  const keys = makeKeys();
  const senders = Array.from({ length: SENDERS }, (_, number) => personOf(keys, number).id);
  const [services, follower] = await Promise.all([startServices({ fill: (database) => insertPeople(database, keys, SENDERS) }), Follower.start()]);
  const signer = new Signer(keys, SENDERS, services.origin);
  const inbox = new Pool(`http://127.0.0.1:${services.ports['inbox-ingest']}`, { connections: AT_ONCE });
  const gateway = new Pool(services.origin, { connections: AT_ONCE });
  const account = async (name) => JSON.parse(await services.helio('account', 'create', name, '--email', `${name}@mail.example`, '--password', 'correct horse battery'));
  const reader = await account('reader');
  const writers = [];
  for (let n = 0; n < WRITERS; n += 1) writers.push(await account(`writer${n}`));
  await follower.follow(services.database, writers.map(({ id }) => id));
  await services.database.query(
    `INSERT INTO following (actor, target, follow_id, state, since) SELECT $1, target, $1 || '/follows/' || target, 'accepted', now() FROM unnest($2::text[]) AS target`,
    [reader.id, senders],
  );
  const stream = await StreamWatch.open(services.origin, reader.token);

  const actorOf = ({ number }) => senders[number % SENDERS];
  const post = async ({ request }) => {
    const { statusCode, body } = await inbox.request(request);
    await body.dump();
    if (statusCode !== 202) throw new Error(`the inbox answered ${statusCode}`);
  };

  /** As fast as they are taken. @returns statuses a second, until the last one of each sender is on the stream */
  const flood = async (requests) => {
    const begin = performance.now();
    const seen = requests.slice(-SENDERS).map((request) => stream.seen(actorOf(request), request.number));
    let next = 0;
    const sender = async () => {
      for (let request = requests[next++]; request; request = requests[next++]) await post(request);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
    await Promise.all(seen);
    return (1000 * requests.length) / (performance.now() - begin);
  };

  /** At `rate` a second, whatever the answers do. @returns milliseconds since each was due */
  const pace = async (requests, rate) => {
    const samples = { answered: [], read: [], stream: [] };
    const begin = performance.now();
    const since = async (due, what, moment) => void what.push((await moment) - due);
    const one = (request, i, due) => {
      const answered = post(request);
      return Promise.all([
        since(due, samples.stream, stream.seen(actorOf(request), request.number)),
        since(due, samples.answered, answered.then(() => performance.now())),
        ...(i % READ_ONE_IN === 0 ? [answered.then(() => since(due, samples.read, readUntil(gateway, actorOf(request), request.number)))] : []),
      ]);
    };
    const all = [];
    while (all.length < requests.length) {
      const due = Math.min(requests.length, Math.floor(((performance.now() - begin) * rate) / 1000) + 1);
      while (all.length < due) all.push(one(requests[all.length], all.length, begin + (1000 * all.length) / rate));
      await sleep(1);
    }
    await Promise.all(all);
    return samples;
  };

  /** People here set theirs meanwhile. @returns milliseconds until a follower elsewhere has it, and until it is answered */
  const setStatuses = async (signal) => {
    const samples = { set: [], delivered: [] };
    const one = async (n) => {
      const begin = performance.now();
      const { statusCode, body } = await gateway.request({
        method: 'PUT',
        path: '/api/status',
        headers: { authorization: `Bearer ${writers[n % WRITERS].token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ content: `number ${n}` }),
      });
      const { status } = await body.json();
      if (statusCode !== 200) throw new Error(`setting a status was answered with ${statusCode}`);
      samples.set.push(performance.now() - begin);
      samples.delivered.push((await follower.received(status.id)) - begin);
    };
    const all = [];
    for (let n = 0; !signal.aborted; n += 1, await sleep(SET_EVERY_MS)) all.push(one(n));
    await Promise.all(all);
    return samples;
  };

  try {
    await flood(await signer.sign(WARM_UP));
    const results = [];
    for (let n = 1; n <= ROUNDS; n += 1) {
      const sustained = await flood(await signer.sign(FLOOD));
      const rate = LOAD * sustained;
      const requests = await signer.sign(Math.round(rate * PACED_SECONDS));
      const ended = new AbortController();
      const setting = setStatuses(ended.signal);
      const samples = await pace(requests, rate);
      ended.abort();
      const local = await setting;
      results.push({ sustained, rate, ...samples, ...local });
      console.log(`round ${n}: ${round(sustained, 0)} statuses/s sustained; at ${round(rate, 0)}/s for ${PACED_SECONDS} s, in ms:`);
      for (const [what, of] of Object.entries({ ...samples, ...local })) console.log(`  ${LABELS[what].padEnd(58)} ${shares(of)}   (${of.length})`);
    }
    const p99 = (what) => round(median(results.map((result) => percentile(result[what], 0.99))));
    const ours = Math.max(p99('read'), p99('stream'));
    return {
      ours,
      limit: LIMIT_MS,
      ratio: round(ours / LIMIT_MS, 3),
      unit: 'ms, p99, from POST to seen, the slower of actor API and stream',
      actorApi: p99('read'),
      stream: p99('stream'),
      deliveredElsewhere: p99('delivered'),
      sustained: round(median(results.map(({ sustained }) => sustained)), 0),
      rate: round(median(results.map(({ rate }) => rate)), 0),
    };
  } finally {
    stream.close();
    await Promise.all([signer.stop(), inbox.destroy(), gateway.destroy(), follower.stop()]);
    await services.stop();
  }
}

const LABELS = {
  answered: 'POST to the inbox, answered with 202',
  read: 'POST to the inbox, the actor API shows it',
  stream: 'POST to the inbox, the stream tells it',
  set: 'PUT by somebody here, answered with 200',
  delivered: 'PUT by somebody here, in the inbox of a follower elsewhere',
};
