import type { DataSource } from 'typeorm';

/**
 * Erases the words of up to `limit` actors' statuses whose `endTime` has come by `at` and that no history keeps. Readers stopped
 * showing them at that instant by themselves; this is about what stays on the disk. Any number of sweepers may run at once.
 *
 * @returns The actors whose status was swept. As many as `limit`: there may be more.
 */
export async function sweepExpired(dataSource: DataSource, at: Date, limit: number): Promise<readonly string[]> {
  // Rows that a projection has locked are passed over, never waited for: so the order of locks does not matter here.
  const [rows]: [{ actor: string }[]] = await dataSource.query(
    `WITH due AS (
       SELECT actor FROM current_status WHERE sweep_at <= $1 ORDER BY sweep_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
     ), swept AS (
       UPDATE current_status c SET content = NULL, sweep_at = NULL, version = c.version + 1 FROM due
       WHERE c.actor = due.actor RETURNING c.actor, c.event_id
     )
     UPDATE status_event e SET content = NULL FROM swept
     WHERE e.actor = swept.actor AND e.event_id = swept.event_id RETURNING e.actor`,
    [at.toISOString(), limit],
  );
  return rows.map(({ actor }) => actor);
}
