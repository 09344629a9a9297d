/** Engines that a test run may have to do without, and where they are. */
const ADDRESSES = {
  kafka: process.env['HELIO_TEST_KAFKA_BROKERS'],
  redis: process.env['HELIO_TEST_REDIS_URL'],
  pgbouncer: process.env['HELIO_TEST_PGBOUNCER_URL'],
};

/**
 * A suite for an engine that not every machine has. The run starts what the suites that it includes ask for by this call (see
 * tools/jest/engines.mjs); when that is not possible it says why, and the suite is skipped, or the run fails if HELIO_REQUIRE_ENGINES names
 * the engine.
 * @param suite gets the engine's address: `host:port` of Kafka's broker, a `redis://` URL, or a `postgres://` URL without a database (see `throughPooler`)
 */
export function describeWithEngine(engine: keyof typeof ADDRESSES, name: string, suite: (address: string) => void): void {
  const address = ADDRESSES[engine];
  if (address) describe(name, () => suite(address));
  else describe.skip(name, () => suite(''));
}
