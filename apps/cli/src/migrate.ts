import { migrateDatabase } from '@heliograph/engines';
import { loadConfig } from '@heliograph/platform';

/** Prints what was run, a line each. */
export async function runMigrations(): Promise<void> {
  const ran = await migrateDatabase(loadConfig());
  console.log(ran.length === 0 ? 'the schema is up to date' : ran.map((name) => `migrated: ${name}`).join('\n'));
}
