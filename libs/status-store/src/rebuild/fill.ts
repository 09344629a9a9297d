import type { EntityManager } from 'typeorm';
import { CURRENT_COLUMNS, foldOf, HISTORY_COLUMNS, IN_RANGE, LISTED, type Scope } from './fold-sql.ts';
import type { OnProgress } from './progress.ts';
import { estimateEvents, nextRange, type Range, START } from './ranges.ts';
import { type Run, setLocally, SIDE } from './run.ts';
import { indexStatements } from './side-tables.ts';

/** Events folded by one statement: a quarter of a second of work, and less than WORK_MEM. */
export const EVENTS_AT_ONCE = 50_000;
const WORK_MEM = '32MB';

const CURRENT = CURRENT_COLUMNS.join(', ');
const HISTORY = HISTORY_COLUMNS.join(', ');

/**
 * The version goes on from the live row's: caches that compare versions let go of what they have. Where the live row is lost, nobody knows
 * which versions there were; milliseconds since the epoch are more than any row was ever changed.
 */
const foldedRows = (scope: Scope): string => `
  SELECT coalesce(live.version + 1, (extract(epoch FROM now()) * 1000)::bigint), ${CURRENT_COLUMNS.map((column) => `folded.${column}`).join(', ')}
  FROM folded LEFT JOIN (SELECT actor, version FROM current_status WHERE ${scope}) live ON live.actor = folded.actor`;

const FILL = `
  WITH ${foldOf(IN_RANGE)},
  history AS (INSERT INTO ${SIDE}.status_history (${HISTORY}) SELECT ${HISTORY} FROM kept),
  current AS (INSERT INTO ${SIDE}.current_status (version, ${CURRENT}) ${foldedRows(IN_RANGE)}),
  notes AS (INSERT INTO ${SIDE}.erasure_due (actor, event_id, status_id, reached) SELECT * FROM due)
  SELECT count(*)::int AS events FROM event`;

/** What is in the history already is as it was: a version's row never changes. */
const REFILL = `
  WITH ${foldOf(LISTED)},
  gone AS (
    DELETE FROM ${SIDE}.status_history h WHERE h.actor = ANY($1::text[])
      AND NOT EXISTS (SELECT FROM kept k WHERE k.actor = h.actor AND k.event_id = h.event_id)
  ), history AS (INSERT INTO ${SIDE}.status_history (${HISTORY}) SELECT ${HISTORY} FROM kept ON CONFLICT DO NOTHING),
  notes AS (INSERT INTO ${SIDE}.erasure_due (actor, event_id, status_id, reached) SELECT * FROM due)
  INSERT INTO ${SIDE}.current_status (version, ${CURRENT}) ${foldedRows(LISTED)}
  ON CONFLICT (actor) DO UPDATE SET version = excluded.version, ${CURRENT_COLUMNS.map((column) => `${column} = excluded.${column}`).join(', ')}`;

/** A fold knows how many rows it gets only while it runs: of what the planner may then choose, this goes wrong. */
export const FOLDING = { work_mem: WORK_MEM, enable_nestloop: 'off' };

/** Folds one range of actors for the first time. Returns how many events it had. */
export async function fillRange(manager: EntityManager, { from, to }: Range): Promise<number> {
  await setLocally(manager, FOLDING);
  const [row]: { events: number }[] = await manager.query(FILL, [from, to]);
  return row?.events ?? 0;
}

/** Folds these actors again. */
export async function refill(manager: EntityManager, actors: readonly string[]): Promise<void> {
  await setLocally(manager, FOLDING);
  await manager.query(`DELETE FROM ${SIDE}.erasure_due WHERE actor = ANY($1::text[])`, [actors]);
  await manager.query(REFILL, [actors]);
}

/** Folds the whole log into the side tables, range by range, each in a short transaction; then makes their indexes. Returns the number of events. */
export async function fill(run: Run, onProgress: OnProgress, signal: AbortSignal): Promise<number> {
  const total = await run.transaction(estimateEvents);
  let done = 0;
  for (let from: string | null = START; from !== null; ) {
    onProgress({ stage: 'folding', done, total: Math.max(done, total) });
    signal.throwIfAborted();
    const begin: string = from;
    const range = await run.transaction((manager) => nextRange(manager, begin, EVENTS_AT_ONCE));
    done += await run.transaction((manager) => fillRange(manager, range));
    from = range.to;
  }
  onProgress({ stage: 'folding', done, total: done });
  const statements = await run.transaction(indexStatements);
  for (const [index, statement] of statements.entries()) {
    onProgress({ stage: 'indexing', done: index, total: statements.length });
    signal.throwIfAborted();
    await run.transaction((manager) => manager.query(statement));
  }
  return done;
}
