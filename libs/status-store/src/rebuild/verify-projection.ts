import type { DataSource } from 'typeorm';
import { type Difference, type DifferentRow, differencesOf } from './differences.ts';
import { EVENTS_AT_ONCE, FOLDING } from './fill.ts';
import { CURRENT_COLUMNS, foldOf, HISTORY_COLUMNS, IN_RANGE } from './fold-sql.ts';
import type { OnProgress } from './progress.ts';
import { estimateEvents, nextRange, START } from './ranges.ts';
import { setLocally } from './run.ts';

export interface Verification {
  /** Rows that differ. */
  readonly rows: number;
  /** Of the first of them. */
  readonly differences: readonly Difference[];
  readonly events: number;
}

export interface VerifyOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
  /** Most rows whose differences are returned. Default 100. */
  readonly limit?: number;
}

const list = (alias: string, columns: readonly string[]): string => columns.map((column) => `${alias}.${column}`).join(', ');
/** A row as JSON, without the actor: columns as text, and of words no more than it takes to tell that they differ. Null: no row. */
const asJson = (alias: string, columns: readonly string[]): string => {
  const pairs = columns.filter((column) => column !== 'actor').map((column) =>
    column === 'content'
      ? `'content', octet_length(${alias}.content::text) || ' bytes, md5 ' || left(md5(${alias}.content::text), 8)`
      : `'${column}', ${alias}.${column}::text`,
  );
  return `CASE WHEN ${alias}.actor IS NOT NULL THEN jsonb_build_object(${pairs.join(', ')}) END`;
};
const differ = (columns: readonly string[]): string => `(${list('l', columns)}) IS DISTINCT FROM (${list('r', columns)})`;

/** Whether a fact `x` in `pending` covers a version, and the erasure has not come to it yet. */
const waits = (version: string): string => `EXISTS (
  SELECT FROM pending x WHERE x.actor = ${version}.actor AND x.reached <= ${version}.published_key
     AND CASE x.kind WHEN 'StatusDeleted' THEN x.status_id = ${version}.status_id WHEN 'HistoryErased' THEN ${version}.published_key <= x.cutoff ELSE true END)`;

/**
 * One statement, so one snapshot: since log and tables are written in one transaction, it never sees one without the other, whoever
 * writes meanwhile.
 */
const COMPARE = `
  WITH ${foldOf(IN_RANGE)},
  pending AS (
    SELECT d.actor, e.kind, e.status_id, e.cutoff, d.reached FROM (SELECT * FROM erasure_due WHERE ${IN_RANGE}) d JOIN event e USING (actor, event_id)
  ), different AS (
    SELECT 'current_status' AS "table", coalesce(l.actor, r.actor) AS actor, NULL AS version,
           ${asJson('l', CURRENT_COLUMNS)} AS live, ${asJson('r', CURRENT_COLUMNS)} AS rebuilt
    FROM (SELECT * FROM current_status WHERE ${IN_RANGE}) l FULL JOIN folded r ON r.actor = l.actor
    WHERE ${differ(CURRENT_COLUMNS)}
    UNION ALL
    SELECT 'status_history', coalesce(l.actor, r.actor), coalesce(l.status_id || ' of ' || l.published_raw, r.status_id || ' of ' || r.published_raw),
           ${asJson('l', HISTORY_COLUMNS)}, ${asJson('r', HISTORY_COLUMNS)}
    FROM (SELECT * FROM status_history v WHERE ${IN_RANGE} AND NOT ${waits('v')}) l
    FULL JOIN (SELECT * FROM kept v WHERE NOT (owed AND ${waits('v')})) r
      ON r.actor = l.actor AND r.published_key = l.published_key AND r.status_id = l.status_id AND r.published_raw = l.published_raw
    WHERE ${differ(HISTORY_COLUMNS)}
    UNION ALL
    SELECT 'erasure_due', actor, status_id || ' of ' || published_raw, NULL, '{}' FROM kept v WHERE owed AND NOT ${waits('v')}
  )
  SELECT (SELECT count(*) FROM event)::int AS events, (SELECT count(*) FROM different)::int AS rows,
         (SELECT coalesce(jsonb_agg(d), '[]') FROM (SELECT * FROM different ORDER BY actor, "table", version LIMIT $3) d) AS different`;

/**
 * Compares the live tables with what the log says, actor by actor, and changes nothing. Services may run, and write. Not compared, since
 * they are different by nature: `version`, which counts changes; and past statuses that wait for their erasure (`erasure_due`), which
 * readers do not get any more.
 */
export async function verifyProjection(dataSource: DataSource, { onProgress = () => undefined, signal, limit = 100 }: VerifyOptions = {}): Promise<Verification> {
  const total = await estimateEvents(dataSource.manager);
  const differences: Difference[] = [];
  let [events, rows, shown] = [0, 0, 0];
  for (let from: string | null = START; from !== null; ) {
    onProgress({ stage: 'folding', done: events, total: Math.max(events, total) });
    signal?.throwIfAborted();
    const begin: string = from;
    const range = await dataSource.transaction((manager) => nextRange(manager, begin, EVENTS_AT_ONCE));
    const found = await dataSource.transaction(async (manager) => {
      await setLocally(manager, { ...FOLDING, statement_timeout: '0' });
      const [row]: { events: number; rows: number; different: DifferentRow[] }[] = await manager.query(COMPARE, [range.from, range.to, limit - shown]);
      if (!row) throw new Error('a count returned no row');
      return row;
    });
    events += found.events;
    rows += found.rows;
    shown += found.different.length;
    differences.push(...found.different.flatMap(differencesOf));
    from = range.to;
  }
  onProgress({ stage: 'folding', done: events, total: events });
  return { rows, differences, events };
}
