/** How many of the actors that are due are looked at first. */
export const REFRESH_WINDOW = 500;

const BUSY = `busy AS MATERIALIZED (SELECT host, count(*)::int AS running FROM actor_refresh WHERE lease_until > now() GROUP BY host)`;
const FREE = `NOT r.idle AND r.due_at <= now() AND (r.lease_until IS NULL OR r.lease_until <= now())`;

/** Hosts with the fewest running come first, then whom somebody waits for, then who has waited longest. */
const CHOOSE = `SELECT coalesce(array_agg(actor), '{}') FROM (
  SELECT actor FROM (
    SELECT c.actor, c.urgent, c.due_at, coalesce(busy.running, 0) + row_number() OVER (PARTITION BY c.host ORDER BY c.urgent DESC, c.due_at, c.actor) AS place
      FROM candidate c LEFT JOIN busy ON busy.host = c.host) r
   WHERE place <= $2 ORDER BY place, urgent DESC, due_at, actor LIMIT $1) chosen`;

/** $1 limit, $2 most of a host. Looks at the window only; `seen` below its size says that there is nothing else. */
export const CHOOSE_REFRESHES = `
WITH ${BUSY}, candidate AS MATERIALIZED (
  SELECT r.actor, r.host, r.urgent, r.due_at FROM actor_refresh r WHERE ${FREE} ORDER BY r.urgent DESC, r.due_at LIMIT ${REFRESH_WINDOW}
)
SELECT (SELECT count(*)::int FROM candidate) AS seen, (${CHOOSE}) AS actors`;

/** $1 limit, $2 most of a host. Looks at each host on its own (a loose index scan), so that a large one hides nobody else's. */
export const CHOOSE_REFRESHES_BY_HOST = `
WITH RECURSIVE ${BUSY}, host AS (
  (SELECT host AS name FROM actor_refresh WHERE NOT idle ORDER BY host LIMIT 1)
  UNION ALL
  SELECT (SELECT r.host FROM actor_refresh r WHERE NOT r.idle AND r.host > host.name ORDER BY r.host LIMIT 1) FROM host WHERE host.name IS NOT NULL
), candidate AS (
  SELECT first.* FROM host CROSS JOIN LATERAL (
    SELECT r.actor, r.host, r.urgent, r.due_at FROM actor_refresh r WHERE r.host = host.name AND ${FREE} ORDER BY r.urgent DESC, r.due_at LIMIT $2) first
)
SELECT (${CHOOSE}) AS actors`;

/** $1 actors, $2 seconds, $3 who. Leaves out whom somebody else has taken since. */
export const TAKE_REFRESHES = `
WITH taken AS (
  SELECT r.actor FROM actor_refresh r WHERE r.actor = ANY($1::text[]) AND ${FREE} FOR UPDATE SKIP LOCKED
)
UPDATE actor_refresh r SET lease_until = now() + $2 * interval '1 second', lease_by = $3
  FROM taken WHERE r.actor = taken.actor
RETURNING r.actor, r.host, r.attempts, r.history_read, r.etag, r.etag_without_status, r.gone_since`;
