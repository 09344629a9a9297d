import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describeWithEngine, eventually } from '@heliograph/testkit';
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
    const wire = await openWire(url);
    const [cache, other] = [await open(wire.url), await open()];
    const [lost, stale] = [key(), key()];
    await other.set(stale, 'stale', 60_000);
    expect(await cache.get(stale)).toBe('stale');
    await wire.cut();
    await cache.set(lost, 'not kept', 60_000);
    expect(await cache.get(lost)).toBeNull();
    await cache.delete(stale);
    await expect(cache.ping()).rejects.toThrow(/Redis/);
    expect(await other.get(stale)).toBe('stale');
    await wire.mend();
    await eventually(async () => expect(await other.get(stale)).toBeNull());
    await cache.set(lost, 'kept again', 60_000);
    expect(await cache.get(lost)).toBe('kept again');
    await wire.cut();
  });
});

/** The way to Redis, which can be cut. */
async function openWire(url: string): Promise<{ url: string; cut(): Promise<void>; mend(): Promise<void> }> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  const listen = (at: number): Promise<void> => new Promise((resolve) => server.listen(at, '127.0.0.1', resolve));
  await listen(0);
  const at = (server.address() as AddressInfo).port;
  return {
    url: `redis://127.0.0.1:${at}`,
    async cut() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    mend: () => listen(at),
  };
}
