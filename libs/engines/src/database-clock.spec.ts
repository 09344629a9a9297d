import { registry } from '@heliograph/platform';
import { DatabaseClock } from './database-clock.ts';

/** A PostgreSQL whose clock is that far ahead of this machine's. */
const database = (aheadMs: number) => ({ aheadMs, async query() { return [{ ms: String(Date.now() + this.aheadMs) }] as never; } });
const within = (clock: DatabaseClock, aheadMs: number): void => {
  expect(Math.abs(clock.now().getTime() - (Date.now() + aheadMs))).toBeLessThan(100);
};

test("is PostgreSQL's clock, whatever this machine's says, and tells how far they are apart", async () => {
  const source = database(90_000);
  const clock = await DatabaseClock.start(source);
  within(clock, 90_000);
  const [figure] = (await registry.getSingleMetric('heliograph_clock_ahead_seconds')!.get()).values;
  expect(figure!.value).toBeCloseTo(-90, 0);
  source.aheadMs = -5_000;
  await clock.set();
  within(clock, -5_000);
  clock.stop();
});

test('goes on while PostgreSQL is away', async () => {
  const source = { query: database(3_000).query.bind({ aheadMs: 3_000 }) as (sql: string) => Promise<never> };
  const clock = await DatabaseClock.start(source);
  source.query = () => Promise.reject(new Error('away'));
  await expect(clock.set()).rejects.toThrow('away');
  within(clock, 3_000);
  clock.stop();
});
