import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeWithEngine, eventually } from '@heliograph/testkit';
import { startRedis, type RunningRedis } from '../../../tools/engines/redis.mjs';
import { RedisActorCache } from './redis-actor-cache.ts';

describeWithEngine('redis', 'actor cache in Redis', (url) => {
  const caches: RedisActorCache[] = [];
  const open = async (at = url): Promise<RedisActorCache> => {
    const cache = new RedisActorCache(at);
    caches.push(cache);
    await eventually(() => cache.ping());
    return cache;
  };
  afterAll(() => caches.forEach((cache) => cache.close()));
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
    const dataDir = await mkdtemp(path.join(tmpdir(), 'heliograph-redis-'));
    let redis: RunningRedis = await startRedis({ dataDir });
    try {
      const [cache, other] = [await open(redis.url), await open(redis.url)];
      const [stays, goes] = [key(), key()];
      await redis.kill();
      await cache.set(stays, 'not kept', 60_000);
      expect(await cache.get(stays)).toBeNull();
      await cache.delete(goes);
      await expect(cache.ping()).rejects.toThrow(/Redis/);
      redis = await startRedis({ dataDir, port: redis.port });
      await eventually(() => other.ping());
      await other.set(goes, 'stale', 60_000);
      await eventually(() => cache.ping());
      await eventually(async () => expect(await cache.get(goes)).toBeNull());
    } finally {
      await redis.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
