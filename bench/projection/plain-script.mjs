// The limit: a script that knows its events (in order, all well-formed) and fills the tables of the projection from memory by unnest, a
// transaction for 1,000 events. It takes no locks, asks for nothing it can know, and has no bus on either side.
//   fork(plain-script.mjs, [DATABASE URL, workload, number of events])
import pg from 'pg';
import { instantKeyOf } from '../../libs/status/dist/index.js';
import { eventsOf } from './workloads.mjs';

const BATCH = 1_000;
/** For each statement, the types and names of the arrays that it unnests. */
const unnest = (columns) => {
  const arrays = Object.values(columns).map((type, i) => `$${i + 1}::${type}[]`);
  return `unnest(${arrays.join(', ')}) AS b(${Object.keys(columns).join(', ')})`;
};

const LOG = {
  actor: 'text', event_id: 'uuid', received_at: 'timestamptz', end_time: 'timestamptz', kind: 'status_event_kind', origin: 'status_origin',
  keep: 'boolean', status_id: 'text', published_raw: 'text', published_key: 'text', content: 'jsonb',
};
const STATUS = { actor: 'text', event_id: 'uuid', received_at: 'timestamptz', end_time: 'timestamptz', origin: 'status_origin', keep: 'boolean', status_id: 'text', published_raw: 'text', published_key: 'text', content: 'jsonb' };
const HISTORY = { ...STATUS };
delete HISTORY.keep;
const ID = { actor: 'text', status_id: 'text' };
const names = (columns) => Object.keys(columns).join(', ');
const shownAt = `CASE WHEN origin = 'local' THEN (left(published_key, 23) || 'Z')::timestamptz ELSE least((left(published_key, 23) || 'Z')::timestamptz, received_at) END`;

const SQL = {
  log: `INSERT INTO status_event (${names(LOG)}) SELECT * FROM ${unnest(LOG)} ON CONFLICT DO NOTHING`,
  replaced: `UPDATE status_event e SET content = NULL FROM unnest($1::text[]) AS b(actor) JOIN current_status c USING (actor)
    WHERE c.content IS NOT NULL AND NOT c.keep AND e.actor = c.actor AND e.event_id = c.event_id`,
  current: `INSERT INTO current_status (${names(STATUS)}, shown_at, sweep_at)
    SELECT *, ${shownAt}, CASE WHEN NOT keep THEN end_time END FROM ${unnest(STATUS)}
    ON CONFLICT (actor) DO UPDATE SET ${[...Object.keys(STATUS).slice(1), 'shown_at', 'sweep_at'].map((name) => `${name} = excluded.${name}`).join(', ')}, cleared_as = NULL`,
  history: `INSERT INTO status_history (${names(HISTORY)}) SELECT * FROM ${unnest(HISTORY)}`,
  removed: `WITH cleared AS (
      UPDATE current_status c SET cleared_as = 'removed', content = NULL, sweep_at = NULL FROM ${unnest(ID)}
      WHERE c.actor = b.actor AND c.status_id = b.status_id AND c.cleared_as IS NULL RETURNING c.actor, c.event_id, c.keep)
    UPDATE status_event e SET content = NULL FROM cleared c WHERE NOT c.keep AND e.actor = c.actor AND e.event_id = c.event_id`,
  deleted: `WITH cleared AS (
      UPDATE current_status c SET cleared_as = 'deleted', content = NULL, sweep_at = NULL FROM ${unnest(ID)} WHERE c.actor = b.actor AND c.status_id = b.status_id
    ), forgotten AS (DELETE FROM status_history h USING ${unnest(ID)} WHERE h.actor = b.actor AND h.status_id = b.status_id)
    UPDATE status_event e SET content = NULL FROM ${unnest(ID)}
    WHERE e.actor = b.actor AND e.status_id = b.status_id AND e.kind = 'StatusPublished' AND e.content IS NOT NULL`,
};

const rowOf = ({ type, data, metadata }) => {
  const published = type === 'StatusPublished';
  return {
    actor: data.actor, event_id: metadata.eventId, received_at: metadata.receivedAt, end_time: data.endTime ?? null, kind: type, origin: metadata.origin,
    keep: published ? data.keep : null, status_id: data.statusId, published_raw: data.published ?? null,
    published_key: published ? instantKeyOf(data.published) : null, content: published ? JSON.stringify(data.content) : null,
  };
};

async function fill(client, events) {
  const run = async (name, columns, rows) => {
    if (rows.length === 0) return;
    await client.query({ name, text: SQL[name], values: Object.keys(columns).map((column) => rows.map((row) => row[column])) });
  };
  for (let from = 0; from < events.length; from += BATCH) {
    const rows = events.slice(from, from + BATCH).map(rowOf);
    const published = rows.filter(({ kind }) => kind === 'StatusPublished');
    const newest = new Map(published.map((row) => [row.actor, row]));
    // Words that the batch itself replaces, and no history keeps, are not written.
    for (const row of published) if (!row.keep && newest.get(row.actor) !== row) row.content = null;
    await client.query('BEGIN');
    await run('log', LOG, rows);
    await run('replaced', { actor: 'text' }, [...newest.values()]);
    await run('current', STATUS, [...newest.values()]);
    await run('history', HISTORY, published.filter(({ keep }) => keep));
    await run('removed', ID, rows.filter(({ kind }) => kind === 'StatusRemoved'));
    await run('deleted', ID, rows.filter(({ kind }) => kind === 'StatusDeleted'));
    await client.query('COMMIT');
  }
}

const [connectionString, workload, count] = process.argv.slice(2);
const events = eventsOf(workload, Number(count));
const client = new pg.Client({ connectionString });
await client.connect();
await client.query(`SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off`);
process.on('message', async () => {
  await fill(client, events);
  process.send('done', () => process.disconnect());
  await client.end();
});
process.send('ready');
