// Once per test run: a PostgreSQL to make test databases in. HELIO_TEST_DATABASE_URL names one; else an embedded one in a temporary folder.
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EmbeddedPostgres } from '../../libs/engines/dist/embedded/embedded-postgres.js';

export default async function startEngines() {
  if (process.env.HELIO_TEST_DATABASE_URL) return;
  const dataDir = await mkdtemp(path.join(tmpdir(), 'heliograph-test-'));
  // As root, PostgreSQL runs as another user, who has to get in.
  await chmod(dataDir, 0o755);
  const postgres = await EmbeddedPostgres.start({ dataDir, log: () => undefined });
  process.env.HELIO_TEST_DATABASE_URL = postgres.url;
  globalThis.heliographTestEngines = { postgres, dataDir };
}
