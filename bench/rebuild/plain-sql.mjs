/**
 * What one would type to fill the two tables from the log, once, with nobody writing meanwhile: two INSERT … SELECT into tables without
 * indexes, then the indexes and statistics. Written apart from the rebuild's own SQL.
 */
const STATEMENTS = [
  'CREATE SCHEMA plain',
  'CREATE TABLE plain.current_status (LIKE current_status INCLUDING DEFAULTS) WITH (fillfactor = 70)',
  'CREATE TABLE plain.status_history (LIKE status_history)',
  `INSERT INTO plain.current_status (actor, version, event_id, shown_at, received_at, end_time, sweep_at, origin, cleared_as, keep, actor_deleted, status_id,
     published_raw, published_key, absent_cutoff, erased_as_of, content)
   WITH about AS (
     SELECT actor, bool_or(kind = 'ActorDeleted') AS gone, max(cutoff) FILTER (WHERE kind = 'StatusSeenAbsent') AS absent,
            max(cutoff) FILTER (WHERE kind = 'HistoryErased') AS forgotten
     FROM status_event GROUP BY actor
   ), winner AS (
     SELECT DISTINCT ON (actor) * FROM status_event WHERE kind = 'StatusPublished'
     ORDER BY actor, published_key DESC, status_id DESC, published_raw DESC
   ), mark AS (
     SELECT actor, status_id, bool_or(kind = 'StatusDeleted') AS deleted FROM status_event WHERE kind IN ('StatusRemoved', 'StatusDeleted') GROUP BY 1, 2
   ), judged AS (
     SELECT a.actor, a.gone, a.absent, a.forgotten, w.event_id, w.received_at, w.end_time, w.origin, w.keep, w.status_id, w.published_raw, w.published_key, w.content,
            CASE WHEN m.deleted THEN 'deleted' WHEN NOT m.deleted THEN 'removed' WHEN w.published_key <= a.absent THEN 'absent' END::status_cleared_as AS cleared
     FROM about a LEFT JOIN winner w USING (actor) LEFT JOIN mark m ON m.actor = w.actor AND m.status_id = w.status_id
   )
   SELECT actor, 1, event_id, CASE WHEN origin = 'local' THEN published ELSE least(published, received_at) END, received_at, end_time,
          CASE WHEN shows AND content IS NOT NULL AND NOT (keep AND (forgotten IS NULL OR published_key > forgotten)) THEN end_time END,
          origin, cleared, keep, gone, status_id, published_raw, published_key, absent, forgotten, CASE WHEN shows THEN content END
   FROM judged, LATERAL (SELECT cleared IS NULL AND NOT gone AS shows, (left(published_key, 23) || 'Z')::timestamptz AS published) derived`,
  `INSERT INTO plain.status_history (actor, published_key, status_id, published_raw, event_id, received_at, end_time, origin, content)
   SELECT actor, e.published_key, e.status_id, e.published_raw, e.event_id, e.received_at, e.end_time, e.origin, e.content
   FROM status_event e JOIN plain.current_status a USING (actor)
   WHERE e.kind = 'StatusPublished' AND e.keep AND NOT a.actor_deleted AND (a.erased_as_of IS NULL OR e.published_key > a.erased_as_of)
     AND NOT EXISTS (SELECT FROM status_event d WHERE d.kind = 'StatusDeleted' AND d.actor = e.actor AND d.status_id = e.status_id)`,
  'ALTER TABLE plain.current_status ADD PRIMARY KEY (actor)',
  'CREATE INDEX ON plain.current_status (sweep_at) WHERE sweep_at IS NOT NULL',
  'ALTER TABLE plain.status_history ADD PRIMARY KEY (actor, published_key, status_id, published_raw)',
  'CREATE INDEX ON plain.status_history (actor, status_id, published_key)',
  'ANALYZE plain.current_status',
  'ANALYZE plain.status_history',
];

export const dropPlain = (query) => query('DROP SCHEMA IF EXISTS plain CASCADE');

/** Leaves the tables in the schema `plain`. */
export async function plainSql(query) {
  for (const statement of STATEMENTS) await query(statement);
}

/** Takes the words that nobody may read any more out of the log, as the projection would have done: only what is in `plain` stays. */
export async function eraseUnread(query) {
  await query(
    `UPDATE status_event e SET content = NULL WHERE content IS NOT NULL
       AND NOT EXISTS (SELECT FROM plain.status_history h WHERE h.actor = e.actor AND h.event_id = e.event_id)
       AND NOT EXISTS (SELECT FROM plain.current_status c WHERE c.actor = e.actor AND c.event_id = e.event_id AND c.content IS NOT NULL)`,
  );
}

/** @throws Error unless `plain` has the same rows as the live tables, but for the version. */
export async function assertSameRows(query) {
  const columnsOf = async (table) => (await query(`SELECT attname FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 AND attname <> 'version'`)).rows.map(({ attname }) => attname);
  for (const table of ['current_status', 'status_history']) {
    const columns = (await columnsOf(table)).join(', ');
    const [one, other] = [table, `plain.${table}`].map((from) => `SELECT ${columns} FROM ${from}`);
    const { rows } = await query(`SELECT (SELECT count(*) FROM (${one} EXCEPT ALL ${other}) x) + (SELECT count(*) FROM (${other} EXCEPT ALL ${one}) y) AS different, (SELECT count(*) FROM ${table}) AS rows`);
    if (Number(rows[0].different) > 0 || Number(rows[0].rows) === 0) throw new Error(`${table}: ${rows[0].different} rows differ, of ${rows[0].rows}`);
  }
}
