import pg from 'pg';

/** Person `n` of the workloads, as `actorOf` there has it. */
const ACTOR = `'https://' || CASE WHEN n % 20 = 0 THEN 'here' ELSE 'server-' || n % 997 END || '.example/users/person-' || n`;
const ROWS = `SELECT n, ${ACTOR} AS actor, md5(n::text)::uuid AS event_id, CASE WHEN n % 20 = 0 THEN 'local' ELSE 'remote' END::status_origin AS origin,
  n % 3 = 0 AS keep, timestamptz '2025-01-01 UTC' + n * interval '1 second' AS at, jsonb_build_object('text', 'what person ' || n || ' said before', 'language', null, 'attachment', null) AS content
  FROM generate_series(0, $1::int - 1) AS n`;
const INSTANT = `to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')`;
const VERSION = `actor || '/statuses/before' AS status_id, ${INSTANT} || 'Z' AS published_raw, ${INSTANT} || '.000000000Z' AS published_key`;

/** Fills the tables with persons 0 to `count` - 1, who have set one status each: what the projection would have written. */
export async function addKnownActors(connectionString, count) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(`CREATE TEMPORARY TABLE known AS SELECT n, actor, event_id, origin, keep, at, content, ${VERSION} FROM (${ROWS.replace('$1', String(count))}) AS rows ORDER BY actor COLLATE "C"`);
  await client.query(`INSERT INTO status_event (actor, event_id, received_at, kind, origin, keep, status_id, published_raw, published_key, content)
    SELECT actor, event_id, at, 'StatusPublished', origin, keep, status_id, published_raw, published_key, content FROM known`);
  await client.query(`INSERT INTO current_status (actor, version, event_id, shown_at, received_at, origin, keep, status_id, published_raw, published_key, content)
    SELECT actor, 1, event_id, at, at, origin, keep, status_id, published_raw, published_key, content FROM known`);
  await client.query(`INSERT INTO status_history (actor, published_key, status_id, published_raw, event_id, received_at, origin, content)
    SELECT actor, published_key, status_id, published_raw, event_id, at, origin, content FROM known WHERE keep`);
  await client.query('VACUUM ANALYZE status_event, current_status, status_history');
  await client.end();
}
