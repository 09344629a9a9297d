// `helio projection rebuild` against plain SQL that fills the same tables from the same log; the tables must be the same in the end.
import pg from 'pg';
import { openDataSource } from '../libs/engines/dist/index.js';
import { rebuildProjection, verifyProjection } from '../libs/status-store/dist/index.js';
import { startPostgres } from './engines.mjs';
import { fillLog } from './rebuild/fill-log.mjs';
import { assertSameRows, dropPlain, eraseUnread, plainSql } from './rebuild/plain-sql.mjs';
import { percentile, round } from './statistics.mjs';

const ROUNDS = 3;
const ACTORS = 100_000;
const EVENTS = 600_000;
/** What the rebuild asks for, for both: with PostgreSQL's default plain SQL sorts on the disk. */
const WORK_MEM = '32MB';

export default async function rebuild() {
  const postgres = await startPostgres();
  const url = await postgres.createDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const dataSource = await openDataSource(url, 2);
  const query = (sql, params) => client.query(sql, params);
  const contenders = {
    ours: async () => {
      const outcome = await rebuildProjection(dataSource);
      if (outcome.kind !== 'rebuilt' || outcome.events !== EVENTS) throw new Error(`not rebuilt: ${JSON.stringify(outcome)}`);
    },
    limit: async () => {
      await dropPlain(query);
      await plainSql(query);
    },
  };
  try {
    await query(`SET work_mem = '${WORK_MEM}'`);
    await fillLog(query, { actors: ACTORS, events: EVENTS });
    await plainSql(query);
    await eraseUnread(query);
    await query('VACUUM (ANALYZE) status_event');
    const rates = { ours: [], limit: [] };
    for (let i = 0; i < ROUNDS; i += 1) {
      for (const who of i % 2 === 0 ? ['ours', 'limit'] : ['limit', 'ours']) {
        await postgres.settle();
        const begin = performance.now();
        await contenders[who]();
        const seconds = (performance.now() - begin) / 1000;
        rates[who].push(EVENTS / seconds);
        console.log(`round ${i + 1}, ${who}: ${round(EVENTS / seconds, 0)} events/s in ${round(seconds)} s`);
      }
      await assertSameRows(query);
    }
    const begin = performance.now();
    const { rows } = await verifyProjection(dataSource);
    if (rows > 0) throw new Error(`${rows} rows differ`);
    const verify = round((EVENTS / (performance.now() - begin)) * 1000, 0);
    const [ours, limit] = [rates.ours, rates.limit].map((all) => percentile(all, 0.5));
    return { ours: round(ours, 0), limit: round(limit, 0), ratio: round(ours / limit, 2), unit: 'events/s, median', events: EVENTS, actors: ACTORS, verify };
  } finally {
    await dataSource.destroy();
    await client.end();
    await postgres.stop();
  }
}
