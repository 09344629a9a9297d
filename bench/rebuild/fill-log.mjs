/**
 * Fills the log of an empty database by SQL, as a server that has been in the fediverse for a while has it: the events of an actor lie far
 * apart, and three actors in ten keep a history. One event in 20 is a Remove, one in 50 a Delete, one in 200 says that an actor was seen
 * without a status, one in 500 erases a history, one in 1,000 deletes an actor. All words are still there.
 */
export async function fillLog(query, { actors, events }) {
  await query(
    `WITH fact AS (
       SELECT n, (hashint8(n)::bigint & 2147483647) % $1 AS who, (hashint8(n + 7777777777)::bigint & 2147483647) % 1000 AS dice,
              timestamptz '2025-01-01Z' + n * interval '1 second' AS at
       FROM generate_series(1, $2::bigint) n
     ), kinded AS (
       SELECT *, 'https://h' || who % 997 || '.example/users/u' || who AS actor, who % 10 < 3 AS keeps,
              CASE WHEN dice < 50 THEN 'StatusRemoved' WHEN dice < 70 THEN 'StatusDeleted' WHEN dice < 75 THEN 'StatusSeenAbsent'
                   WHEN dice < 77 THEN 'HistoryErased' WHEN dice < 78 THEN 'ActorDeleted' ELSE 'StatusPublished' END::status_event_kind AS kind
       FROM fact
     )
     INSERT INTO status_event (actor, event_id, received_at, end_time, kind, origin, keep, status_id, published_raw, published_key, cutoff, content)
     SELECT actor, md5(n::text)::uuid, at, CASE WHEN published AND dice % 4 = 0 THEN at + interval '4 hours' END, kind, 'remote', CASE WHEN published THEN keeps END,
            CASE WHEN kind IN ('StatusPublished', 'StatusRemoved', 'StatusDeleted') THEN actor || '/statuses/' || n % 40 END,
            CASE WHEN published THEN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END,
            CASE WHEN published THEN key END, CASE WHEN kind IN ('StatusSeenAbsent', 'HistoryErased') THEN key END,
            CASE WHEN published THEN jsonb_build_object('text', 'Reading chapter ' || n || ' and having tea', 'language', 'en', 'attachment', NULL) END
     FROM kinded, LATERAL (SELECT kind = 'StatusPublished' AS published, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"000Z"') AS key) made`,
    [actors, events],
  );
}
