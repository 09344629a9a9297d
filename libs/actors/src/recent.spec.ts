import { Recent } from './recent.ts';

describe('what was looked up a moment ago', () => {
  let now = 0;
  /** Room for two entries. */
  const recent = () => new Recent<string>({ maxLength: 2 * (500 + 1 + 10), ttlMs: 1_000, now: () => now });
  beforeEach(() => (now = 0));

  test('is there for its time, and no longer', () => {
    const entries = recent();
    entries.set('a', 'one', 10);
    now = 999;
    expect(entries.get('a')).toBe('one');
    now = 1_000;
    expect(entries.get('a')).toBeNull();
  });

  test('is bounded: the oldest goes first, and what is set again is not old', () => {
    const entries = recent();
    entries.set('a', 'one', 10);
    entries.set('b', 'two', 10);
    entries.set('a', 'three', 10);
    entries.set('c', 'four', 10);
    expect([entries.get('a'), entries.get('b'), entries.get('c')]).toEqual(['three', null, 'four']);
    entries.set('d', 'five', 500);
    expect([entries.get('a'), entries.get('c'), entries.get('d')]).toEqual([null, null, 'five']);
  });

  test('is not put back by a slow reader, unless its time is over', () => {
    const entries = recent();
    entries.set('a', 'new', 10);
    entries.add('a', 'old', 10);
    expect(entries.get('a')).toBe('new');
    now = 1_000;
    entries.add('a', 'old', 10);
    expect(entries.get('a')).toBe('old');
  });
});
