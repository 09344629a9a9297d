/** How many of the jobs that have been due longest are looked at first. */
export const WINDOW = 1000;

/**
 * A sender's jobs to one inbox are a line. The later one waits while an earlier one is due or under way. One that is postponed holds up
 * nothing: it has failed before, and when its turn comes, what was superseded meanwhile cancels itself.
 *
 * What is under way is small; all else here avoids joins of the queue with itself, since the statistics of a queue are never right.
 */
const UNDER_WAY = `under_way AS MATERIALIZED (SELECT actor, inbox, host FROM delivery_job WHERE lease_until > now()),
busy AS MATERIALIZED (SELECT host, count(*)::int AS running FROM under_way GROUP BY host)`;

const FREE = `j.state = 'pending' AND j.due_at <= now() AND (j.lease_until IS NULL OR j.lease_until <= now())`;
const LINE_IS_FREE = `(j.actor, j.inbox) NOT IN (SELECT actor, inbox FROM under_way)`;

/**
 * Of the `candidate`s, the first in line each, hosts with the fewest running jobs come first, then who has waited longest. A failed attempt
 * counts as 10 s less, so that retries to hosts that are down do not go before fresh messages, and are not put off for ever either.
 */
const CHOOSE = `SELECT coalesce(array_agg(id), '{}') FROM (
  SELECT j.id FROM (
    SELECT c.id, c.due_at + least(c.attempts, 6) * interval '10 seconds' AS turn,
           coalesce(busy.running, 0) + row_number() OVER (PARTITION BY c.host ORDER BY c.due_at, c.id) AS place
      FROM candidate c LEFT JOIN busy ON busy.host = c.host) j
   WHERE j.place <= $2 ORDER BY j.place, j.turn, j.id LIMIT $1) chosen`;

/** $1 limit, $2 most of a host. Looks at the window only; `seen` below its size says that there is nothing else. */
export const CHOOSE_FROM_WINDOW = `
WITH ${UNDER_WAY}, due AS MATERIALIZED (
  SELECT j.id, j.actor, j.inbox, j.host, j.due_at, j.attempts FROM delivery_job j WHERE ${FREE} ORDER BY j.due_at, j.id LIMIT ${WINDOW}
), candidate AS (
  SELECT DISTINCT ON (j.actor, j.inbox) j.* FROM due j WHERE ${LINE_IS_FREE} ORDER BY j.actor, j.inbox, j.id
)
SELECT (SELECT count(*)::int FROM due) AS seen, (${CHOOSE}) AS ids`;

/**
 * $1 limit, $2 most of a host. Looks at each host with pending jobs on its own (a loose index scan): slower, but a host with a long queue
 * hides nobody else's.
 */
export const CHOOSE_BY_HOST = `
WITH RECURSIVE ${UNDER_WAY}, host AS (
  (SELECT host AS name FROM delivery_job WHERE state = 'pending' ORDER BY host LIMIT 1)
  UNION ALL
  SELECT (SELECT j.host FROM delivery_job j WHERE j.state = 'pending' AND j.host > host.name ORDER BY j.host LIMIT 1)
    FROM host WHERE host.name IS NOT NULL
), candidate AS (
  SELECT first.* FROM host LEFT JOIN busy ON busy.host = host.name
   CROSS JOIN LATERAL (
     SELECT * FROM (
       SELECT DISTINCT ON (j.actor, j.inbox) j.id, j.host, j.due_at, j.attempts FROM delivery_job j
        WHERE j.host = host.name AND ${FREE} AND ${LINE_IS_FREE} ORDER BY j.actor, j.inbox, j.id) j
      ORDER BY j.due_at, j.id LIMIT greatest($2::int - coalesce(busy.running, 0), 0)) first
)
SELECT (${CHOOSE}) AS ids`;

/** $1 ids, $2 seconds, $3 who. Leaves out what somebody else has taken since. */
export const TAKE = `
WITH taken AS (
  SELECT j.id FROM delivery_job j WHERE j.id = ANY($1::bigint[]) AND ${FREE} FOR UPDATE SKIP LOCKED
)
UPDATE delivery_job j SET lease_until = now() + $2 * interval '1 second', lease_by = $3
  FROM taken WHERE j.id = taken.id
RETURNING j.id, j.actor, j.event_id, j.kind, j.payload, j.inbox, j.host, j.attempts, j.first_attempt_at, j.traceparent`;
