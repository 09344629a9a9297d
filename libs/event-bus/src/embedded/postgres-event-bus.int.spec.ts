import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import { describeEventBusContract } from '../contract-suite.ts';
import { EmbeddedEngine, migrateBus } from './embedded-engine.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrateBus(database.url);
});
afterAll(() => database.drop());

describeEventBusContract('The embedded engine', async (topics) => new EmbeddedEngine(database.url, topics));
