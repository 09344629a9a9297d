import fc from 'fast-check';
import { makeEvent } from './event-id.ts';
import type { StatusEvent } from './events.ts';
import { foldActor } from './fold.ts';

const actor = 'https://remote.example/users/1';
const at = (second: number): string => new Date(Date.UTC(2025, 0, 1, 12, 0, second)).toISOString();
const ms = (second: number): number => Date.parse(at(second));
const metadata = { receivedAt: at(0), origin: 'remote' } as const;

const publish = (id: string, second: number, options: { keep?: boolean; endTime?: number; published?: string } = {}) =>
  makeEvent(
    'StatusPublished',
    {
      actor,
      statusId: id,
      published: options.published ?? at(second),
      content: { text: `${id} at ${second}`, language: null, attachment: null },
      endTime: options.endTime === undefined ? null : at(options.endTime),
      keep: options.keep ?? false,
    },
    metadata,
  );
const remove = (statusId: string) => makeEvent('StatusRemoved', { actor, statusId }, metadata);
const erase = (statusId: string) => makeEvent('StatusDeleted', { actor, statusId }, metadata);
const absent = (second: number) => makeEvent('StatusSeenAbsent', { actor, cutoff: at(second) }, metadata);
const forget = (second: number) => makeEvent('HistoryErased', { actor, asOf: at(second) }, metadata);
const gone = () => makeEvent('ActorDeleted', { actor }, metadata);

/** What a test compares: ids instead of whole events. */
const seen = (events: readonly StatusEvent[], second = 30) => {
  const { winner, clearedAs, current, history, erased } = foldActor(events, ms(second));
  return {
    winner: winner?.data.statusId ?? null,
    clearedAs,
    current: current?.data.statusId ?? null,
    history: history.map(({ status, state }) => `${status.data.statusId} ${state}`),
    erased: events.filter(({ metadata: { eventId } }) => erased.has(eventId)).map((event) => 'statusId' in event.data && event.data.statusId),
  };
};

describe('the current status', () => {
  test('nothing follows from nothing', () => {
    expect(seen([])).toEqual({ winner: null, clearedAs: null, current: null, history: [], erased: [] });
  });
  test('is the latest published, whenever it arrives', () => {
    expect(seen([publish('b', 2), publish('a', 1)])).toMatchObject({ current: 'b', erased: ['a'] });
  });
  test('of one instant is the one with the greater id', () => {
    expect(seen([publish('b', 1), publish('a', 1)])).toMatchObject({ current: 'b' });
  });
  test('of one id is its later version (two statuses set in one second under one id)', () => {
    const [first, second] = [publish('a', 1), publish('a', 1, { published: '2025-01-01T12:00:01.5Z' })];
    expect(foldActor([second, first], ms(30)).current).toBe(second);
  });
  test.each([
    ['Remove', remove('b'), 'removed'],
    ['Delete', erase('b'), 'deleted'],
    ['an actor document without it', absent(2), 'absent'],
  ])('cleared by %s leaves nothing to show, and no predecessor comes back', (_, event, clearedAs) => {
    expect(seen([publish('a', 1), publish('b', 2)])).toMatchObject({ current: 'b' });
    expect(seen([event, publish('a', 1), publish('b', 2)])).toMatchObject({ winner: 'b', clearedAs, current: null, erased: ['a', 'b'] });
  });
  test('Remove and Delete of another, or an absence seen earlier, change nothing to see', () => {
    expect(seen([publish('a', 1), publish('b', 2), remove('a'), absent(1)])).toMatchObject({ current: 'b' });
    expect(seen([publish('a', 1), publish('b', 2), erase('a')])).toMatchObject({ current: 'b' });
  });
  test('ends at its endTime exactly', () => {
    const status = publish('a', 1, { endTime: 20 });
    expect(foldActor([status], ms(20) - 1).current).toBe(status);
    expect(foldActor([status], ms(20)).current).toBe(null);
    expect(seen([publish('z', 0), status], 20)).toMatchObject({ winner: 'a', current: null, erased: ['z', 'a'] });
  });
  test('ends with the actor', () => {
    expect(seen([gone(), publish('a', 1, { keep: true })])).toMatchObject({ winner: 'a', current: null, history: [], erased: ['a'] });
  });
});

describe('history', () => {
  const keep = { keep: true };
  test('has what was published while it was kept, newest first, with what became of each', () => {
    const events = [publish('a', 1, keep), publish('b', 2), publish('c', 3, { keep: true, endTime: 9 }), publish('d', 4, keep), publish('e', 5, keep)];
    expect(seen([...events, remove('d')])).toMatchObject({ history: ['e current', 'd removed', 'c expired', 'a past'], erased: ['b'] });
  });
  test('keeps a cleared status, and loses a deleted one', () => {
    expect(seen([publish('a', 1, keep), remove('a')])).toMatchObject({ current: null, history: ['a removed'], erased: [] });
    expect(seen([publish('a', 1, keep), absent(1)])).toMatchObject({ current: null, history: ['a past'], erased: [] });
    expect(seen([publish('a', 1, keep), erase('a')])).toMatchObject({ current: null, history: [], erased: ['a'] });
  });
  test('once erased is empty up to that instant; the current status stays to see until it is replaced', () => {
    const events = [publish('a', 1, keep), publish('b', 2, keep), forget(2)];
    expect(seen(events)).toMatchObject({ current: 'b', history: [], erased: ['a'] });
    expect(seen([...events, publish('c', 3, keep)])).toMatchObject({ current: 'c', history: ['c current'], erased: ['a', 'b'] });
  });
});

describe('any order, same state', () => {
  // Ids whose order by code point and by UTF-16 unit differ; instants that are equal, or written in more than one way.
  const ids = fc.constantFrom('a', 'b', 'c', '\u{1F600}', '\u{FB01}');
  const second = fc.nat(6);
  const published = fc.oneof(
    second.map(at),
    second.map((s) => at(s).replace('Z', '000001Z')),
    second.map((s) => at(s + 3600).replace('Z', '+01:00')),
  );
  const publishedEvent = fc
    .record({ id: ids, published, keep: fc.boolean(), endTime: fc.option(fc.nat(12)) })
    .map(({ id, published: sent, keep, endTime }) => publish(id, 0, { published: sent, keep, endTime: endTime ?? undefined }));
  const event: fc.Arbitrary<StatusEvent> = fc.oneof(
    { weight: 8, arbitrary: publishedEvent },
    { weight: 2, arbitrary: ids.map(remove) },
    { weight: 2, arbitrary: ids.map(erase) },
    { weight: 1, arbitrary: second.map(absent) },
    { weight: 1, arbitrary: second.map(forget) },
    { weight: 1, arbitrary: fc.constant(gone()) },
  );
  const facts = fc.uniqueArray(event, { maxLength: 14, selector: ({ metadata: { eventId } }) => eventId });
  /** The same facts again: in another order, some of them more than once. */
  const retold = facts.chain((events) =>
    fc.record({
      events: fc.constant(events),
      again: fc
        .tuple(fc.shuffledSubarray(events, { minLength: events.length }), fc.subarray(events))
        .chain(([all, some]) => fc.shuffledSubarray([...all, ...some], { minLength: all.length + some.length })),
    }),
  );
  const now = fc.integer({ min: ms(0), max: ms(13) });

  test('permuted and repeated facts fold to the same', () => {
    fc.assert(fc.property(retold, now, ({ events, again }, at) => expect(foldActor(again, at)).toEqual(foldActor(events, at))), { numRuns: 3000 });
  });

  test('what is erased after some facts stays erased after all, later: so erasing on the way ends in the same', () => {
    fc.assert(
      fc.property(retold, fc.nat(20), now, fc.nat(5000), ({ again }, count, at, wait) => {
        const all = foldActor(again, at + wait).erased;
        expect([...foldActor(again.slice(0, count), at).erased].filter((id) => !all.has(id))).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });

  test('two interleaved streams fold as one after the other', () => {
    fc.assert(
      fc.property(facts, facts, now, (one, other, at) => {
        // The same version may have been sent with other words: that is not two tellings of one fact.
        const rest = other.filter(({ metadata: { eventId } }) => !one.some((known) => known.metadata.eventId === eventId));
        const zipped = Array.from({ length: Math.max(one.length, rest.length) }, (_, i) => [one[i], rest[i]]).flat();
        const interleaved = zipped.filter((event) => event !== undefined);
        expect(foldActor(interleaved, at)).toEqual(foldActor([...rest, ...one], at));
      }),
    );
  });
});
