import { setTimeout as sleep } from 'node:timers/promises';

/** Tries again until `attempt` no longer throws; its last error after `ms` milliseconds. */
export async function eventually<T>(attempt: () => T | Promise<T>, ms = 15_000): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(20);
    }
  }
}
