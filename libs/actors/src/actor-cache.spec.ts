import fc from 'fast-check';
import { MemoryActorCache } from './actor-cache.ts';

describe('the cache in memory', () => {
  test('keeps, replaces, deletes', async () => {
    const cache = new MemoryActorCache();
    await cache.set('a', '1', 1_000);
    expect(await cache.get('a')).toBe('1');
    await cache.set('a', '2', 1_000);
    expect(await cache.get('a')).toBe('2');
    await cache.set('a', '3', 1_000, { onlyIfAbsent: true });
    expect(await cache.get('a')).toBe('2');
    await cache.delete('a');
    expect(await cache.get('a')).toBeNull();
    await cache.set('a', '3', 1_000, { onlyIfAbsent: true });
    expect(await cache.get('a')).toBe('3');
  });

  test('forgets by age; an old entry counts as absent', async () => {
    let now = 0;
    const cache = new MemoryActorCache({ now: () => now });
    await cache.set('a', '1', 10);
    now = 9;
    expect(await cache.get('a')).toBe('1');
    now = 10;
    expect(await cache.get('a')).toBeNull();
    await cache.set('b', '1', 10);
    now = 20;
    await cache.set('b', '2', 10, { onlyIfAbsent: true });
    expect(await cache.get('b')).toBe('2');
  });

  test('drops first what was not used for longest', async () => {
    const cache = new MemoryActorCache({ maxEntries: 2 });
    await cache.set('a', '1', 1_000);
    await cache.set('b', '1', 1_000);
    await cache.get('a');
    await cache.set('c', '1', 1_000);
    expect([await cache.get('a'), await cache.get('b'), await cache.get('c')]).toEqual(['1', null, '1']);
  });

  test('stays within its bounds, whatever is put in', async () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), value: fc.string({ maxLength: 30 }), onlyIfAbsent: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step), async (steps) => {
        const cache = new MemoryActorCache({ maxEntries: 3, maxLength: 40 });
        for (const { key, value, onlyIfAbsent } of steps) await cache.set(key, value, 1_000, { onlyIfAbsent });
        const values = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => cache.get(key)));
        const kept = values.filter((value) => value !== null);
        expect(kept.length).toBe(cache.size);
        expect(kept.length).toBeLessThanOrEqual(3);
        expect(kept.reduce((length, value) => length + value.length + 1, 0)).toBeLessThanOrEqual(40);
        // The newest is always there: the bounds leave room for one.
        if (steps.length > 0) expect(await cache.get(steps.at(-1)!.key)).not.toBeNull();
      }),
    );
  });
});
