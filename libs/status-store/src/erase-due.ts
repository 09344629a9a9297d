import type { DataSource } from 'typeorm';
import { type Erasure, eraseChunk } from './projection/erasure.ts';
import { preferIndexes } from './projection/current-table.ts';

/**
 * Erases more of what a StatusDeleted, HistoryErased or ActorDeleted covers and its own transaction left, because it was too much.
 * Readers stopped showing it with that transaction; this is about what stays on the disk.
 *
 * One short transaction, for one actor. Any number of sweepers may run at once, beside projections: an actor whom another is at
 * work on is passed over. What a crash cuts off is done again by the next call.
 *
 * @param limit Versions per transaction, 1 or more: at most so many rows of the log, and so many of the history, are written.
 * @returns How many rows it took away: texts in the log, and notes that are done with. Call again until it is 0: nothing is due then, or
 *   only where others are at work.
 */
export async function eraseDue(dataSource: DataSource, limit: number): Promise<number> {
  return dataSource.transaction(async (manager) => {
    await preferIndexes(manager);
    // The note and the actor's row together. The statements below begin after both are held: they see all that was written before.
    const [due]: Erasure[] = await manager.query(
      `SELECT d.actor, d.event_id AS "eventId", d.reached FROM erasure_due d JOIN current_status c USING (actor)
       LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`,
    );
    if (!due) return 0;
    const { versions, reached } = await eraseChunk(manager, [due], limit);
    const note = [due.actor, due.eventId];
    if (versions < limit) {
      await manager.query(`DELETE FROM erasure_due WHERE actor = $1 AND event_id = $2`, note);
      return versions + 1;
    }
    await manager.query(`UPDATE erasure_due SET reached = $3 WHERE actor = $1 AND event_id = $2`, [...note, reached]);
    return versions;
  });
}
