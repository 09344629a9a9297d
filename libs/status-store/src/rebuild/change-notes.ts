import type { EntityManager } from 'typeorm';
import { SIDE } from './run.ts';

/**
 * Notes which actors' facts change while the side tables grow: what was folded of them before has to be folded again. Positions in the
 * log would not tell, since transactions commit out of order, and neither would they tell of erasures.
 *
 * - A note becomes visible together with the change it is about, and one row per actor is all there ever is, also when a rebuild that
 *   was killed left this behind.
 * - Whoever changes an actor holds its row of `current_status` locked, so that notes wait for nobody.
 * - DO UPDATE, not DO NOTHING: who takes a note away passes over those that a transaction under way has written again.
 */
const NOTES = `
  CREATE TABLE ${SIDE}.changed_actor (actor text COLLATE "C" PRIMARY KEY);
  CREATE FUNCTION ${SIDE}.note_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
  BEGIN
    INSERT INTO ${SIDE}.changed_actor (actor) SELECT DISTINCT actor FROM changed ORDER BY actor
    ON CONFLICT (actor) DO UPDATE SET actor = excluded.actor;
    RETURN NULL;
  END $$`;
const TRIGGERS = { INSERT: 'helio_rebuild_note_insert', UPDATE: 'helio_rebuild_note_update' };

/**
 * From the commit on, changes are noted. Waits for all who are writing, and lets nobody else write until then; so every change that is not
 * noted is visible to what is read afterwards.
 */
export async function noteChanges(manager: EntityManager): Promise<void> {
  await manager.query(NOTES);
  for (const [event, name] of Object.entries(TRIGGERS)) {
    await manager.query(
      `CREATE TRIGGER ${name} AFTER ${event} ON status_event REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ${SIDE}.note_changed()`,
    );
  }
}

/** Takes the triggers away, for which nobody may be using the log; nothing happens when there are none. */
export async function stopNoting(manager: EntityManager): Promise<void> {
  const names = Object.values(TRIGGERS);
  const left: { name: string }[] = await manager.query(
    `SELECT tgname AS name FROM pg_trigger WHERE tgrelid = 'status_event'::regclass AND tgname = ANY($1)`,
    [names],
  );
  for (const { name } of left) await manager.query(`DROP TRIGGER ${name} ON status_event`);
}

/** Takes up to `limit` notes: actors whose changes are all committed. Notes that somebody is writing stay. */
export async function takeNotes(manager: EntityManager, limit: number): Promise<readonly string[]> {
  const [rows]: [{ actor: string }[]] = await manager.query(
    `DELETE FROM ${SIDE}.changed_actor WHERE actor IN (SELECT actor FROM ${SIDE}.changed_actor LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING actor`,
    [limit],
  );
  return rows.map(({ actor }) => actor);
}
