import { createTestDatabase, describeWithEngine, type TestDatabase, throughPooler } from '@heliograph/testkit';
import type { DataSource } from 'typeorm';
import { eventsOf } from '../fixtures/events.ts';
import { openStore } from '../fixtures/store.ts';
import { StatusProjection } from '../projection/status-projection.ts';
import { rebuildProjection } from './rebuild-projection.ts';
import { verifyProjection } from './verify-projection.ts';

describeWithEngine('pgbouncer', 'through PgBouncer in transaction mode', (pooler) => {
  let database: TestDatabase;
  const opened: DataSource[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
    for (let i = 0; i < 3; i += 1) opened.push(await openStore(throughPooler(database, pooler)));
  });
  afterAll(async () => {
    await Promise.all(opened.map((dataSource) => dataSource.destroy()));
    await database?.drop();
  });

  test('one rebuild at a time swaps the tables, while others write, and the result is what the log says', async () => {
    const [one, other, third] = opened as [DataSource, DataSource, DataSource];
    const projection = new StatusProjection(third);
    const write = async () => {
      for (let n = 0; n < 50; n += 1) await projection.apply([eventsOf(`https://remote.example/users/${n % 7}`).publish(`s${n}`, n, { keep: true })]);
    };
    await write();
    await third.query(`UPDATE current_status SET keep = NULL`);
    expect(await verifyProjection(one)).toMatchObject({ rows: 7 });
    const [, ...outcomes] = await Promise.all([write(), rebuildProjection(one), rebuildProjection(other)]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['rebuilt', 'running']);
    expect(await verifyProjection(one)).toMatchObject({ rows: 0 });
  });
});
