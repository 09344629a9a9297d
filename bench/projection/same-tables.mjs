import pg from 'pg';

/** What has to be equal whoever filled the tables. Not: the order of writing, and how many changes an actor's row has seen. */
const CONTENTS = {
  status_event: `SELECT md5(string_agg((to_jsonb(t) - 'position')::text, '' ORDER BY actor, event_id)) FROM status_event t`,
  current_status: `SELECT md5(string_agg((to_jsonb(t) - 'version')::text, '' ORDER BY actor)) FROM current_status t`,
  status_history: `SELECT md5(string_agg(t::text, '' ORDER BY actor, published_key, status_id, published_raw)) FROM status_history t`,
};

const contentsOf = async (database) => {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const entries = [];
  for (const [table, sql] of Object.entries(CONTENTS)) entries.push([table, (await client.query({ text: sql, rowMode: 'array' })).rows[0][0]]);
  await client.end();
  return Object.fromEntries(entries);
};

/** @throws Error that names the tables which differ */
export async function assertSameTables(one, other) {
  const [a, b] = [await contentsOf(one), await contentsOf(other)];
  const different = Object.keys(CONTENTS).filter((table) => a[table] !== b[table]);
  if (different.length > 0) throw new Error(`not the same rows in ${different.join(', ')}`);
}
