// What is there at the end: tables, API, bus, and what others received. The second half of what the checker compares.
import { readFile } from 'node:fs/promises';
import { countOf, lagOf, readAll } from './groups.mjs';

const SUBMITTED = 'status.submitted.v1';
const CONSUMED = [
  ['status-projection', SUBMITTED],
  ['delivery', 'status.recorded.v1'],
  ['delivery', 'graph.v1'],
];
/** Beside the log of delivery, which a kill -9 may cut off right after the job's end was committed. */
const ENDED_JOBS = `
  CREATE TABLE ended_delivery_job (event_id text, actor text, inbox text);
  CREATE FUNCTION note_ended_delivery_job() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO ended_delivery_job VALUES (OLD.event_id, OLD.actor, OLD.inbox); RETURN NULL; END $$;
  CREATE TRIGGER note_ended AFTER DELETE ON delivery_job FOR EACH ROW EXECUTE FUNCTION note_ended_delivery_job()`;
const KINDS = { StatusPublished: 'publish', StatusRemoved: 'remove', StatusDeleted: 'delete' };

/** Lets the database note what the checker wants to know. Call it once the schema is there. */
export const noteEndedJobs = (postgres) => postgres.query(ENDED_JOBS);

/** What has not come to rest yet, in words; empty when all has. @throws when an engine does not answer */
export async function restless({ services, engines }) {
  const ready = await Promise.all(services.map(async (service) => ((await service.ready()) ? [] : [`${service.name} is not ready`])));
  const lags = await Promise.all(
    CONSUMED.map(async ([group, topic]) => {
      const lag = await lagOf(engines.kafka.brokers, group, topic);
      return lag > 0 ? [`${group} is ${lag} messages of ${topic} behind`] : [];
    }),
  );
  const [row] = await engines.postgres.query(`
    SELECT (SELECT count(*)::int FROM delivery_job WHERE state = 'pending') AS "deliveries",
           (SELECT count(*)::int FROM erasure_due) AS "erasures",
           (SELECT count(*)::int FROM current_status WHERE sweep_at <= now()) AS "expired texts"`);
  const waiting = Object.entries(row).filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what} wait`);
  return [...ready.flat(), ...lags.flat(), ...waiting];
}

/** Everything of `RunRecord` (checker.d.mts) that can be seen at the end. */
export async function observe({ engines: { postgres, kafka }, portOf, services, elsewhere }, actors) {
  const api = (path) => read(`http://127.0.0.1:${portOf('gateway')}${path}`);
  const submitted = await readAll(kafka.brokers, SUBMITTED);
  const dead = ['status.submitted.v1', 'status.recorded.v1', 'graph.v1'].map((topic) => `${topic}.dead`);
  const counts = await Promise.all(dead.map((topic) => countOf(kafka.brokers, topic)));
  const checkedAt = Date.now();
  const shown = [];
  const historyShown = [];
  for (const actor of actors) {
    shown.push({ actor, text: (await api(`/api/actors/${encodeURIComponent(actor)}/status`)).status?.content ?? null });
    historyShown.push(...(await historyOf(api, actor)));
  }
  return {
    ...(await tables(postgres)),
    submitted: submitted.map(({ data, metadata }) => ({ eventId: metadata.eventId, text: data.content?.text ?? null })),
    shown,
    historyShown,
    received: elsewhere.flatMap(({ received }) => received).sort((a, b) => a.at - b.at),
    cancelled: (await Promise.all(services.filter(({ app }) => app === 'delivery').map(cancelledBy))).flat(),
    deadLetters: Object.fromEntries(dead.map((topic, index) => [topic, counts[index]])),
    checkedAt,
  };
}

async function tables(postgres) {
  const log = await postgres.query(`
    SELECT event_id AS "eventId", actor, origin, kind, status_id AS "statusId", published_raw AS published, end_time AS "endTime",
           content IS NOT NULL AS "hasText"
      FROM status_event ORDER BY position`);
  const current = await postgres.query('SELECT actor, status_id AS "statusId", published_raw AS published, cleared_as AS cleared FROM current_status');
  const history = await postgres.query(`
    SELECT actor, content->>'text' AS text FROM status_history ORDER BY actor, published_key DESC, status_id DESC, published_raw DESC`);
  const followers = await postgres.query('SELECT actor, follower, follow_id AS "followId" FROM follower');
  const ended = await postgres.query('SELECT event_id AS "eventId", actor, inbox FROM ended_delivery_job');
  const [{ dead }] = await postgres.query(`SELECT count(*)::int AS dead FROM delivery_job WHERE state = 'dead'`);
  const rows = log.map((row) => ({ ...row, kind: KINDS[row.kind] ?? row.kind, endTime: row.endTime?.toISOString() ?? null }));
  return { log: rows, current, history, followers, ended, deadJobs: dead };
}

async function historyOf(api, actor) {
  const items = [];
  for (let path = `/api/actors/${encodeURIComponent(actor)}/history?limit=100`; path; ) {
    const page = await api(path);
    items.push(...page.items.map(({ content }) => ({ actor, text: content })));
    path = page.next && new URL(page.next).pathname + new URL(page.next).search;
  }
  return items;
}

async function read(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Deliveries that a process gave up before they were made, as it logged them. */
async function cancelledBy({ logFile }) {
  const lines = (await readFile(logFile, 'utf8')).split('\n').filter((line) => line.includes('"cancelled"'));
  return lines.flatMap((line) => {
    try {
      const { verdict, event, actor, inbox, reason } = JSON.parse(line);
      return verdict === 'cancelled' ? [{ eventId: event, actor, inbox, reason }] : [];
    } catch {
      // A kill -9 cut the line.
      return [];
    }
  });
}
