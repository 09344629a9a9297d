import { rm } from 'node:fs/promises';

export default async function stopEngines() {
  const { stops, dataDir } = globalThis.heliographTestEngines;
  await Promise.all(stops.map((stop) => stop()));
  await rm(dataDir, { recursive: true, force: true });
}
