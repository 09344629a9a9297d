import type { EntityManager } from 'typeorm';
import { takeNotes } from './change-notes.ts';
import { refill } from './fill.ts';
import { keepVacuumAway, LOCK_MS } from './locks.ts';
import type { OnProgress } from './progress.ts';
import { type Run, setLocally, SIDE } from './run.ts';
import { exchange, sameShape } from './side-tables.ts';

/** Actors that are folded again in one transaction. */
const ACTORS_AT_ONCE = 1_000;
/** So few that the rest can be folded while writers wait. */
const FEW = 200;
/** Longest time that the last ones may take then. */
const LAST_MS = 300;
/** Longest time that all of it may take. */
const WHOLE_MS = 750;
const ALL = 1_000_000;

/** Folds again what changed, until little is left. Who writes meanwhile does not wait. */
export async function catchUp(run: Run, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
  for (let done = 0, taken = ACTORS_AT_ONCE; taken > FEW; done += taken) {
    onProgress({ stage: 'catching up', done, total: null });
    signal.throwIfAborted();
    // Two transactions: who wants to write a note again that was taken waits for the first one only.
    const actors = await run.transaction((manager) => takeNotes(manager, ACTORS_AT_ONCE));
    await run.transaction((manager) => refill(manager, actors));
    taken = actors.length;
  }
}

/**
 * One try to put the side tables in place of the live ones. Writers wait from its begin to its end, readers of the two tables at most
 * LOCK_MS.
 *
 * @returns For how many milliseconds writers waited: at most WHOLE_MS, and the commit.
 * @throws Error of a timeout (`isTimeout`) when it would have taken longer, and of a migration that came between: nothing is changed then.
 */
export async function swap(run: Run): Promise<number> {
  let begin = 0;
  await run.transaction(async (manager) => {
    await keepVacuumAway(manager, 'current_status', 'status_history');
    begin = performance.now();
    const within = async <T>(ms: number, work: () => Promise<T>): Promise<T> => {
      const left = Math.max(1, Math.floor(Math.min(ms, begin + WHOLE_MS - performance.now())));
      await setLocally(manager, { statement_timeout: String(left) });
      return work();
    };
    // Were this process stopped with the locks in its hands, PostgreSQL would take them back.
    await setLocally(manager, { idle_in_transaction_session_timeout: String(WHOLE_MS) });
    // Every writer begins with this table: whoever is at it ends first, and nobody else begins. Those who only read go on.
    await within(LOCK_MS, () => manager.query('LOCK TABLE current_status IN EXCLUSIVE MODE'));
    const last = await within(LAST_MS, () => takeNotes(manager, ALL));
    await within(LAST_MS, () => refill(manager, last));
    await within(LAST_MS, () => addDue(manager));
    if (!(await sameShape(manager))) throw new Error('a migration has changed the tables meanwhile: start again');
    // In the order of those who read both.
    await within(LOCK_MS, () => manager.query('LOCK TABLE status_history, current_status IN ACCESS EXCLUSIVE MODE'));
    await within(WHOLE_MS, () => exchange(manager));
  });
  return performance.now() - begin;
}

/** Words that should have gone, and that nothing would erase: facts that take them away are due again. */
const addDue = (manager: EntityManager): Promise<unknown> =>
  manager.query(
    `INSERT INTO erasure_due AS d (actor, event_id, status_id, reached) SELECT actor, event_id, status_id, reached FROM ${SIDE}.erasure_due
     ON CONFLICT (actor, event_id) DO UPDATE SET reached = excluded.reached WHERE d.reached > excluded.reached`,
  );
