import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeWithEngine } from '../../libs/testkit/src/index.ts';
import { ask } from './process.mjs';
import { type RunningRedis, startRedis } from './redis.mjs';

const say = async (port: number, command: string): Promise<string | undefined> => (await ask(port, `${command}\r\n`))?.toString().trim();

// With one of its own, to be killed.
describeWithEngine('redis', 'Redis for tests', (url) => {
  let dataDir: string;
  const started: RunningRedis[] = [];
  const start = async (port?: number): Promise<RunningRedis> => {
    const redis = await startRedis({ dataDir, port });
    started.push(redis);
    return redis;
  };
  beforeAll(async () => void (dataDir = await mkdtemp(path.join(tmpdir(), 'heliograph-redis-'))));
  afterAll(async () => {
    await Promise.all(started.map((redis) => redis.kill()));
    await rm(dataDir, { recursive: true, force: true });
  });

  test('the one of the run answers', async () => {
    expect(await say(Number(new URL(url).port || 6379), 'PING')).toBe('+PONG');
  });

  test('one that is killed comes back empty on its port; while it runs, nobody else gets the port', async () => {
    const first = await start();
    expect(await say(first.port, 'SET a 1')).toBe('+OK');
    expect(await say(first.port, 'EXISTS a')).toBe(':1');
    await expect(start(first.port)).rejects.toThrow(`port ${first.port} is in use`);
    await first.kill();
    expect(await say(first.port, 'PING')).toBeUndefined();
    const again = await start(first.port);
    expect(await say(again.port, 'EXISTS a')).toBe(':0');
    await again.stop();
    expect(await say(again.port, 'PING')).toBeUndefined();
  });
});
