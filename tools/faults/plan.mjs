// Which faults come in which order: a pure function of the seed.
import { randomOf } from './random.mjs';

/** What a fault is, by name: what is done, and to whom. */
export const KINDS = [
  'kill:gateway',
  'kill:inbox-ingest',
  'kill:status-projection',
  'kill:delivery',
  'stop:kafka',
  'kill:kafka',
  'stop:postgres',
  'kill:postgres',
  'stop:redis',
  'kill:redis',
  'stall:status-projection',
  'stall:delivery',
  'fight:status-projection',
  'fight:delivery',
  'restore:postgres',
];

/** A backup has to be a minute old before it can be restored, so the first faults are others. */
const BEFORE_FIRST_RESTORE = 5;
const OVERLAPPING = 0.25;
const IMPATIENT = 0.2;

/**
 * Kinds in random order, each as often as any other (give or take one), and never the same one twice in a row unless it is the only one.
 * @param {{ seed: number, count: number, kinds?: readonly string[] }} options
 */
export function planOf({ seed, count, kinds = KINDS }) {
  const random = randomOf(seed, 'plan');
  const order = [];
  while (order.length < count) {
    const deck = random.shuffle(kinds);
    if (order.length === 0) putRestoreLater(deck);
    if (deck.length > 1 && deck[0] === order.at(-1)) deck.push(deck.shift());
    order.push(...deck);
  }
  return order.slice(0, count).map((kind, index) => {
    const [act, target] = kind.split(':');
    return {
      act,
      target,
      /** Of two processes of a service, which. */
      which: random.between(0, 1),
      /** How long it is down before it is started again, in ms. */
      downMs: random.between(200, act === 'stop' ? 6_000 : 3_000),
      /** Begins while the one before is still under way. A restore never does: nobody restores into an outage that goes on. */
      overlaps: index > 0 && act !== 'restore' && random.chance(OVERLAPPING),
      /** Whether all services are ready before the next comes. */
      settles: !random.chance(IMPATIENT),
      /** Pause before it, in ms. */
      pauseMs: random.between(300, 3_000),
    };
  });
}

function putRestoreLater(deck) {
  const at = deck.indexOf('restore:postgres');
  if (at >= 0 && at < BEFORE_FIRST_RESTORE && deck.length > BEFORE_FIRST_RESTORE) deck.splice(BEFORE_FIRST_RESTORE, 0, ...deck.splice(at, 1));
}
