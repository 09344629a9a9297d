import { type Engines, openEngines } from '@heliograph/engines';
import { loadConfig } from '@heliograph/platform';

/** Opens the engines that the environment names, and closes them whatever becomes of `work`. */
export async function withEngines<T>(work: (engines: Engines) => Promise<T>): Promise<T> {
  const engines = await openEngines(loadConfig(), { poolSize: 2, patient: true });
  try {
    return await work(engines);
  } finally {
    await engines.close();
  }
}
