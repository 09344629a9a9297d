import { describeWithEngine, eventually } from '@heliograph/testkit';
import { openWire } from './fixtures/wire.ts';
import { RedisActorCache } from './redis-actor-cache.ts';
import { RedisLink } from './redis-link.ts';

describeWithEngine('redis', 'actor cache in Redis', (url) => {
  const links: RedisLink[] = [];
  const openLinked = async (at: string): Promise<{ cache: RedisActorCache; link: RedisLink }> => {
    const link = new RedisLink(at);
    links.push(link);
    await eventually(() => link.ping());
    return { link, cache: new RedisActorCache(link) };
  };
  const open = async (): Promise<RedisActorCache> => (await openLinked(url)).cache;
  afterAll(() => links.forEach((link) => link.close()));
  let number = 0;
  const key = (): string => `test ${process.pid} ${(number += 1)}`;

  test('what one process keeps, another finds', async () => {
    const [one, other] = [await open(), await open()];
    const name = key();
    await one.set(name, 'kept', 60_000);
    expect(await other.get(name)).toBe('kept');
    await other.delete(name);
    expect(await one.get(name)).toBeNull();
  });

  test('only if absent leaves what is there', async () => {
    const cache = await open();
    const name = key();
    await cache.set(name, 'first', 60_000, { onlyIfAbsent: true });
    await cache.set(name, 'second', 60_000, { onlyIfAbsent: true });
    expect(await cache.get(name)).toBe('first');
    await cache.set(name, 'third', 60_000);
    expect(await cache.get(name)).toBe('third');
  });

  test('an entry ends by itself', async () => {
    const cache = await open();
    const name = key();
    await cache.set(name, 'short', 50);
    await eventually(async () => expect(await cache.get(name)).toBeNull());
  });

  test('without Redis nothing is found and nothing fails; what was to go meanwhile is gone afterwards', async () => {
    const wire = await openWire(url);
    const [{ cache, link }, other] = [await openLinked(wire.url), await open()];
    const [lost, stale] = [key(), key()];
    await other.set(stale, 'stale', 60_000);
    expect(await cache.get(stale)).toBe('stale');
    await wire.cut();
    await cache.set(lost, 'not kept', 60_000);
    expect(await cache.get(lost)).toBeNull();
    await cache.delete(stale);
    await expect(link.ping()).rejects.toThrow(/Redis/);
    expect(await other.get(stale)).toBe('stale');
    await wire.mend();
    await eventually(async () => expect(await other.get(stale)).toBeNull());
    await cache.set(lost, 'kept again', 60_000);
    expect(await cache.get(lost)).toBe('kept again');
    await wire.cut();
  });
});
