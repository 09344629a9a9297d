import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { isTimeout, setLocally } from './run.ts';

/** Longest wait for a lock on the live tables: whoever comes after waits as long. */
export const LOCK_MS = 200;
/** Longer than PostgreSQL's `deadlock_timeout`, after which an autovacuum makes way for whoever waits. */
const VACUUM_MS = 3_000;
/** Between two tries others get their turn. */
const PAUSE_MS = 1_000;

/**
 * Has VACUUM and ANALYZE, which may take hours, away from these tables until the transaction ends. Neither readers nor writers wait
 * meanwhile, as they would behind the lock that is needed next.
 */
export async function keepVacuumAway(manager: EntityManager, ...tables: readonly string[]): Promise<void> {
  await setLocally(manager, { lock_timeout: String(VACUUM_MS) });
  await manager.query(`LOCK TABLE ${tables.join(', ')} IN SHARE UPDATE EXCLUSIVE MODE`);
}

/** The tables were in use for as long as we were ready to wait. */
export class TablesInUse extends Error {
  override readonly name = 'TablesInUse';
}

/**
 * Tries again while `attempt` fails for want of a lock, until `patienceMs` are over.
 *
 * @param onBusy Told how many tries there were so far.
 * @throws TablesInUse; whatever else `attempt` throws; the signal's reason.
 */
export async function insist<T>(
  attempt: () => Promise<T>,
  { patienceMs, signal, onBusy }: { readonly patienceMs: number; readonly signal: AbortSignal; readonly onBusy: (tries: number) => void },
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!isTimeout(error)) throw error;
      if (performance.now() > deadline) throw new TablesInUse('the tables are in use all the time', { cause: error });
      onBusy(tries);
      await sleep(PAUSE_MS, undefined, { signal });
    }
  }
}
