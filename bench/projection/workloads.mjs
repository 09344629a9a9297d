// What the projection is measured with. The same number of events gives the same events, in the service's topic and in the plain script.
import { makeEvent } from '../../libs/status/dist/index.js';

const START = Date.UTC(2026, 0, 1);
/** Far enough ahead that no sweep erases anything while a bench runs. */
const END = Date.UTC(2126, 0, 1);

/** Numbers in [0, 1), the same for every run (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** As `knownActors` writes it in SQL. */
const actorOf = (n) => `https://${n % 20 === 0 ? 'here' : `server-${n % 997}`}.example/users/person-${n}`;
/** Every twentieth actor is at home here, every third keeps a history. */
const originOf = (n) => (n % 20 === 0 ? 'local' : 'remote');
const keeps = (n) => n % 3 === 0;

const WORDS = 'reading a long book about the sea and drinking tea while it rains outside'.split(' ');
const textOf = (n) => Array.from({ length: 8 }, (_, i) => WORDS[(n * 7 + i * (1 + (n % 5))) % WORDS.length]).join(' ');

function publish(actor, number, { keep, endTime = null }) {
  const published = new Date(START + number * 1000).toISOString();
  return makeEvent(
    'StatusPublished',
    {
      actor: actorOf(actor),
      statusId: `${actorOf(actor)}/statuses/${number}`,
      published,
      content: { text: textOf(number), language: number % 4 === 0 ? 'en' : null, attachment: number % 10 === 0 ? { href: `https://media.example/${number}`, name: 'A song' } : null },
      endTime,
      keep,
    },
    { receivedAt: new Date(START + number * 1000 + 700).toISOString(), origin: originOf(actor) },
  );
}
const clear = (type, actor, statusId, number) =>
  makeEvent(type, { actor: actorOf(actor), statusId }, { receivedAt: new Date(START + number * 1000 + 700).toISOString(), origin: originOf(actor) });

/** Actors nobody has heard of, one status each. */
function* newActors(count) {
  for (let number = 0; number < count; number += 1) yield publish(number, number, { keep: keeps(number) });
}

/**
 * A quarter as many actors as events, each several times: of ten events eight set a status (two of them with an end), one removes, one deletes.
 * @param step 1: persons 0, 1, 2…; 100: persons 0, 100, 200…
 */
export function* mix(count, { actors = Math.ceil(count / 4), step = 1 } = {}) {
  const next = random(1);
  const ids = new Map();
  for (let number = 0; number < count; number += 1) {
    const actor = Math.floor(next() * actors) * step;
    const known = ids.get(actor) ?? [];
    const what = known.length === 0 ? 0 : next();
    if (what < 0.8) {
      const endTime = next() < 0.25 ? new Date(END + number * 1000).toISOString() : null;
      const event = publish(actor, number, { keep: keeps(actor), endTime });
      ids.set(actor, [...known, event.data.statusId]);
      yield event;
    } else if (what < 0.9) yield clear('StatusRemoved', actor, known.at(-1), number);
    else yield clear('StatusDeleted', actor, known.splice(Math.floor(next() * known.length), 1)[0], number);
  }
}

/** Every status takes the place of another, whose text goes: one of each actor in turn, and no batch has two of one. */
function* replacing(count) {
  const actors = Math.min(12_500, Math.ceil(count / 4));
  for (let number = 0; number < count; number += 1) yield publish(number % actors, number, { keep: false });
}

export const WORKLOADS = { 'new actors': newActors, mix, replacing };
export const eventsOf = (workload, count) => [...WORKLOADS[workload](count)];
