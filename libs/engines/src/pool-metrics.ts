import { gauge } from '@heliograph/platform';

/** What the driver's pool tells of itself. */
export interface PoolCounts {
  readonly totalCount: number;
  readonly idleCount: number;
  /** Queries that wait for a connection. */
  readonly waitingCount: number;
}

const pools = new Set<PoolCounts>();
gauge('heliograph_database_connections', 'Connections to PostgreSQL, and what waits for one: more than 0 for long means that there are too few', ['state'], (connections) => {
  const sum = (count: (pool: PoolCounts) => number): number => [...pools].reduce((total, pool) => total + count(pool), 0);
  connections.set({ state: 'busy' }, sum(({ totalCount, idleCount }) => totalCount - idleCount));
  connections.set({ state: 'idle' }, sum(({ idleCount }) => idleCount));
  connections.set({ state: 'waiting' }, sum(({ waitingCount }) => waitingCount));
});

/** Counts the pool in the metrics; returns the function that ends it. */
export function watchPool(pool: PoolCounts): () => void {
  pools.add(pool);
  return () => pools.delete(pool);
}
