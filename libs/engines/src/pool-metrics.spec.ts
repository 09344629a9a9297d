import { registry } from '@heliograph/platform';
import { watchPool } from './pool-metrics.ts';

const counts = async (): Promise<Record<string, number>> => {
  const { values } = await registry.getSingleMetric('heliograph_database_connections')!.get();
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels['state']), value]));
};

test('connections are counted when the metrics are asked for, over all pools of the process', async () => {
  const pool = { totalCount: 5, idleCount: 2, waitingCount: 0 };
  const unwatch = watchPool(pool);
  const unwatchOther = watchPool({ totalCount: 1, idleCount: 1, waitingCount: 0 });
  expect(await counts()).toEqual({ busy: 3, idle: 3, waiting: 0 });
  Object.assign(pool, { idleCount: 0, waitingCount: 7 });
  unwatchOther();
  expect(await counts()).toEqual({ busy: 5, idle: 0, waiting: 7 });
  unwatch();
  expect(await counts()).toEqual({ busy: 0, idle: 0, waiting: 0 });
});
