import { setImmediate } from 'node:timers/promises';
import type { FetchOutcome } from './documents.ts';
import { FetchGate } from './fetch-gate.ts';

const ANSWER: FetchOutcome = { kind: 'gone', permanent: false };

/** A fetch behind a gate, whose answers come when they are let go. */
function open(maxActive: number, maxWaitMs: number) {
  const asked: string[] = [];
  const held = new Map<string, () => void>();
  const fetch = new FetchGate(maxActive, maxWaitMs).guard((url) => {
    asked.push(url);
    return new Promise((resolve) => held.set(url, () => resolve(ANSWER)));
  });
  const get = (url: string) => fetch(url, 'activity');
  /** What was asked for, once all that can begin has begun. */
  const begun = async () => {
    await setImmediate();
    return asked;
  };
  const answer = async (url: string) => {
    expect(await begun()).toContain(url);
    held.get(url)?.();
    await setImmediate();
  };
  return { begun, get, answer };
}
const url = (host: number) => `https://${host}.example/actor`;
const BUSY = { kind: 'unavailable', reason: 'busy', retryAfterSeconds: expect.any(Number) };

test('as many as allowed run, as many wait in order, the next is turned away at once', async () => {
  const { begun, get, answer } = open(2, 60_000);
  const fetches = [1, 2, 3, 4].map((host) => get(url(host)));
  expect(await begun()).toEqual([url(1), url(2)]);
  const turnedAway = await get(url(5));
  expect(turnedAway).toEqual(BUSY);
  if (turnedAway.kind !== 'unavailable') throw new Error(turnedAway.kind);
  expect(turnedAway.retryAfterSeconds).toBeGreaterThanOrEqual(5);
  expect(turnedAway.retryAfterSeconds).toBeLessThanOrEqual(30);
  await answer(url(2));
  await answer(url(1));
  expect(await begun()).toEqual([1, 2, 3, 4].map(url));
  await answer(url(3));
  await answer(url(4));
  expect(await Promise.all(fetches)).toEqual([ANSWER, ANSWER, ANSWER, ANSWER]);
  const again = get(url(5));
  await answer(url(5));
  expect(await again).toEqual(ANSWER);
});

test('nobody waits for long, and whoever gave up loses the turn', async () => {
  const { begun, get, answer } = open(1, 20);
  const first = get(url(1));
  expect(await get(url(2))).toEqual(BUSY);
  await answer(url(1));
  expect(await first).toEqual(ANSWER);
  const third = get(url(3));
  await answer(url(3));
  expect(await third).toEqual(ANSWER);
  expect(await begun()).toEqual([url(1), url(3)]);
});

test('one host has no more than half of the places', async () => {
  const { begun, get, answer } = open(4, 60_000);
  const [first, second] = ['https://slow.example/1', 'https://slow.example/2'];
  const slow = [get(first), get(second)];
  expect(await get('https://slow.example/3')).toEqual(BUSY);
  void get(url(1));
  expect(await begun()).toEqual([first, second, url(1)]);
  await answer(first);
  expect(await slow[0]).toEqual(ANSWER);
  void get('https://slow.example/3');
  expect((await begun()).at(-1)).toBe('https://slow.example/3');
});

test('a fetch that throws gives its place back', async () => {
  const fetch = new FetchGate(1, 20).guard(() => Promise.reject(new Error('no key')));
  for (const _ of [1, 2]) await expect(fetch(url(1), 'activity')).rejects.toThrow('no key');
});
