import 'reflect-metadata';
import { onSignal, orExit } from '@heliograph/engines';
import { loadConfig } from '@heliograph/platform';
import { startAllInOne } from './all-in-one.ts';

await orExit('heliograph', async () => {
  const running = await startAllInOne(loadConfig());
  console.log(`Heliograph is up: ${running.config.publicUrl} (port ${running.port}, data in ${running.config.dataDir})`);
  onSignal('heliograph', () => running.stop());
});
