import { rm } from 'node:fs/promises';

export default async function stopEngines() {
  const engines = globalThis.heliographTestEngines;
  if (!engines) return;
  await engines.postgres.stop();
  await rm(engines.dataDir, { recursive: true, force: true });
}
