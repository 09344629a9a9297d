/**
 * `foldActor` as SQL over whole ranges of actors: what the log alone says the two tables hold. Where words that the log should have lost
 * are still there, because a long history is being erased (`erasure_due`), they are in the history too, as in the live table.
 */

/** Which actors a statement is about: those after `$1`, up to `$2` (null: to the end). */
export const IN_RANGE = 'actor > $1 AND ($2::text IS NULL OR actor <= $2)';
/** Those listed in `$1`. */
export const LISTED = 'actor = ANY($1::text[])';
export type Scope = typeof IN_RANGE | typeof LISTED;

/** All columns but `version`, which counts changes and cannot be known from facts: of it only the direction counts. */
export const CURRENT_COLUMNS = [
  'actor', 'event_id', 'shown_at', 'received_at', 'end_time', 'sweep_at', 'origin', 'cleared_as', 'keep', 'actor_deleted', 'status_id',
  'published_raw', 'published_key', 'absent_cutoff', 'erased_as_of', 'content',
] as const;
export const HISTORY_COLUMNS = [
  'actor', 'published_key', 'status_id', 'published_raw', 'event_id', 'received_at', 'end_time', 'origin', 'content',
] as const;

/** As in `writeCurrent`. */
const PUBLISHED = `(left(w.published_key, 23) || 'Z')::timestamptz`;

/**
 * Common table expressions, to follow WITH:
 * - `event`: the facts about the actors in scope.
 * - `folded`: their rows of `current_status`, as CURRENT_COLUMNS.
 * - `kept`: their rows of `status_history`, as HISTORY_COLUMNS, and whether the words are `owed`: to be erased, and not yet.
 * - `due`: for owed words the facts that take them away, as rows of `erasure_due`.
 */
export const foldOf = (scope: Scope): string => `
  event AS MATERIALIZED (SELECT * FROM status_event WHERE ${scope}),
  about AS (
    SELECT actor, bool_or(kind = 'ActorDeleted') AS actor_deleted,
           max(cutoff) FILTER (WHERE kind = 'StatusSeenAbsent') AS absent_cutoff,
           max(cutoff) FILTER (WHERE kind = 'HistoryErased') AS erased_as_of
    FROM event GROUP BY actor
  ), mark AS (
    SELECT actor, status_id, bool_or(kind = 'StatusDeleted') AS deleted
    FROM event WHERE kind IN ('StatusRemoved', 'StatusDeleted') GROUP BY actor, status_id
  ), winner AS (
    SELECT DISTINCT ON (actor) actor, event_id, received_at, end_time, origin, keep, status_id, published_raw, published_key, content
    FROM event WHERE kind = 'StatusPublished' ORDER BY actor, published_key DESC, status_id DESC, published_raw DESC
  ), judged AS (
    SELECT w.*, CASE WHEN m.deleted THEN 'deleted' WHEN m.status_id IS NOT NULL THEN 'removed'
                     WHEN w.published_key <= a.absent_cutoff THEN 'absent' END::status_cleared_as AS cleared_as
    FROM winner w JOIN about a USING (actor) LEFT JOIN mark m ON m.actor = w.actor AND m.status_id = w.status_id
  ), folded AS MATERIALIZED (
    SELECT actor, w.event_id,
           CASE WHEN w.origin = 'local' THEN ${PUBLISHED} ELSE least(${PUBLISHED}, w.received_at) END AS shown_at,
           w.received_at, w.end_time,
           CASE WHEN has_text AND NOT (w.keep AND (a.erased_as_of IS NULL OR w.published_key > a.erased_as_of)) THEN w.end_time END AS sweep_at,
           w.origin, w.cleared_as, w.keep, a.actor_deleted, w.status_id, w.published_raw, w.published_key, a.absent_cutoff, a.erased_as_of,
           CASE WHEN has_text THEN w.content END AS content
    FROM about a LEFT JOIN judged w USING (actor)
    CROSS JOIN LATERAL (SELECT w.cleared_as IS NULL AND NOT a.actor_deleted AND w.content IS NOT NULL AS has_text) shows
  ), kept AS MATERIALIZED (
    SELECT e.actor, e.published_key, e.status_id, e.published_raw, e.event_id, e.received_at, e.end_time, e.origin, e.content, covered AS owed
    FROM event e JOIN folded f USING (actor) LEFT JOIN mark m ON m.actor = e.actor AND m.status_id = e.status_id AND m.deleted
    CROSS JOIN LATERAL (
      SELECT m.status_id IS NOT NULL OR f.actor_deleted OR coalesce(e.published_key <= f.erased_as_of, false) AS covered
    ) erasures
    WHERE e.kind = 'StatusPublished' AND e.keep AND e.content IS NOT NULL
      AND NOT (covered AND e.event_id = f.event_id AND f.content IS NOT NULL)
  ), erasing AS (
    SELECT e.actor, e.event_id, e.kind, e.status_id, e.cutoff FROM event e WHERE e.kind IN ('StatusDeleted', 'HistoryErased', 'ActorDeleted')
  ), due AS (
    SELECT x.actor, x.event_id, x.status_id, min(k.published_key) AS reached
    FROM kept k JOIN erasing x ON x.actor = k.actor AND x.status_id = k.status_id WHERE k.owed GROUP BY 1, 2, 3
    UNION ALL
    SELECT x.actor, x.event_id, x.status_id, min(k.published_key)
    FROM kept k JOIN about a USING (actor) JOIN erasing x ON x.actor = k.actor
     AND (x.kind = 'ActorDeleted' OR x.kind = 'HistoryErased' AND x.cutoff = a.erased_as_of AND k.published_key <= x.cutoff)
    WHERE k.owed GROUP BY 1, 2, 3
  )`;
