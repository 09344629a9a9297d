import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { EmbeddedPostgres } from './embedded-postgres.ts';

const query = async (url: string, sql: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client
    .query(sql)
    .then(({ rows }) => rows as unknown[])
    .finally(() => client.end().catch(() => undefined));
};

const eventually = async <T>(attempt: () => Promise<T>): Promise<T> => {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
};

describe('embedded PostgreSQL', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'heliograph-embedded-'));
    await chmod(dataDir, 0o755);
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));
  const start = (supervise = false) => EmbeddedPostgres.start({ dataDir, log: () => undefined, supervise });

  test('keeps its data over a stop and start', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    await expect(query(first.url, 'SELECT 1')).rejects.toThrow();
    const second = await start();
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await second.stop();
  });

  test('a server that still runs is used, and the last to start it stops it', async () => {
    const first = await start();
    const second = await start();
    expect(second.pid).toBe(first.pid);
    await second.stop();
    await expect(query(first.url, 'SELECT 1')).rejects.toThrow();
  });

  test('supervised, it comes back at the same address with its data after a kill -9', async () => {
    const postgres = await start(true);
    await query(postgres.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const { pid, url } = postgres;
    process.kill(pid, 'SIGKILL');
    await expect(eventually(async () => {
      const rows = await query(url, 'SELECT answer FROM kept');
      if (postgres.pid === pid) throw new Error('not restarted yet');
      return rows;
    })).resolves.toEqual([{ answer: 42 }]);
    await postgres.stop();
  });
});
