import type { DataSource, EntityManager } from 'typeorm';
import { noteChanges, stopNoting } from './change-notes.ts';
import { fill } from './fill.ts';
import { insist, keepVacuumAway, LOCK_MS, TablesInUse } from './locks.ts';
import type { OnProgress } from './progress.ts';
import { alone, type Run, setLocally } from './run.ts';
import { createSideTables, dropSideTables, obstacles } from './side-tables.ts';
import { catchUp, swap } from './swap.ts';

export type RebuildOutcome =
  | {
      readonly kind: 'rebuilt';
      /** Folded, those that changed meanwhile counted once. */
      readonly events: number;
      /** For how many milliseconds writers had to wait at the swap. */
      readonly heldMs: number;
      /** False: what replaced the tables stands, and what was made for it is dropped by the next rebuild. */
      readonly tidy: boolean;
    }
  /** Another one is at it. */
  | { readonly kind: 'running' }
  /** These hang on the live tables, and would be cut off from the new ones. */
  | { readonly kind: 'obstructed'; readonly by: readonly string[] }
  /** Somebody used the tables for so long that they could not be swapped. Nothing is changed. */
  | { readonly kind: 'in use' }
  /** By the signal. Nothing is changed. */
  | { readonly kind: 'stopped' };

export interface RebuildOptions {
  readonly onProgress?: OnProgress;
  /** Stops the rebuild between two of its steps. */
  readonly signal?: AbortSignal;
  /** How long to try for a lock that others hold (a dump, say), in milliseconds. Default: half an hour. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 1_800_000;
/** Nobody wants to wait long for an end. */
const AFTER_FAILURE_MS = 5_000;

/**
 * Builds `current_status` and `status_history` anew from `status_event`, beside the live tables, and swaps them. Readers never stop,
 * writers wait less than a second, and what they write meanwhile is in the result. See ADR 0013.
 *
 * It takes two connections of the pool. Killed at any moment it leaves side tables, which nobody reads and the next rebuild drops.
 */
export async function rebuildProjection(
  dataSource: DataSource,
  { onProgress = () => undefined, signal = new AbortController().signal, patienceMs = PATIENCE_MS }: RebuildOptions = {},
): Promise<RebuildOutcome> {
  const patient = { patienceMs, signal, onBusy: (tries: number) => onProgress({ stage: 'waiting', done: tries, total: null }) };
  const outcome = await alone(dataSource, async (): Promise<RebuildOutcome> => {
    const by = await obstacles(dataSource.manager);
    if (by.length > 0) return { kind: 'obstructed', by };
    let run: Run | null = null;
    try {
      await insist(() => dropLeftovers((work) => dataSource.transaction(work)), patient);
      const mine = (run = await createSideTables(dataSource));
      await insist(() => mine.transaction((manager) => briefly(manager, noteChanges)), patient);
      const events = await fill(mine, onProgress, signal);
      const heldMs = await insist(async () => {
        await catchUp(mine, onProgress, signal);
        onProgress({ stage: 'swapping', done: 0, total: null });
        return swap(mine);
      }, patient);
      return { kind: 'rebuilt', events, heldMs, tidy: await tidyUp(mine, patienceMs) };
    } catch (error) {
      if (run) await tidyUp(run, Math.min(patienceMs, AFTER_FAILURE_MS));
      if (error instanceof TablesInUse) return { kind: 'in use' };
      if (signal.aborted) return { kind: 'stopped' };
      throw error;
    }
  });
  return outcome ?? { kind: 'running' };
}

/** For its locks a step waits no longer than others may have to wait behind it. */
async function briefly<T>(manager: EntityManager, step: (manager: EntityManager) => Promise<T>): Promise<T> {
  await keepVacuumAway(manager, 'status_event');
  await setLocally(manager, { lock_timeout: String(LOCK_MS), statement_timeout: '0' });
  return step(manager);
}

/** First the triggers, and then what they write to: whoever was at it has ended when the second transaction begins. */
async function dropLeftovers(transaction: Run['transaction']): Promise<void> {
  for (const step of [stopNoting, dropSideTables]) await transaction((manager) => briefly(manager, step));
}

/** Drops what is this run's, whatever became of it. False: it is still there, and the next rebuild drops it. */
const tidyUp = (run: Run, patienceMs: number): Promise<boolean> =>
  insist(() => dropLeftovers((work) => run.transaction(work)), { patienceMs, signal: new AbortController().signal, onBusy: () => undefined }).then(
    () => true,
    () => false,
  );
