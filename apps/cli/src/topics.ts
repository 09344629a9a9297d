import { ALL_TOPICS } from '@heliograph/contracts';
import { kafkaConnection } from '@heliograph/engines';
import { applyTopics as apply, type ApplyTopicsOptions } from '@heliograph/event-bus';
import { loadConfig } from '@heliograph/platform';
import { CommandError } from './command-error.ts';

/** Prints a line for each topic that was made and for each difference; status 1 when there are differences. */
export async function applyTopics(options: ApplyTopicsOptions): Promise<void> {
  const { kafka } = loadConfig();
  if (!kafka) throw new CommandError('KAFKA_BROKERS is not set: without Apache Kafka the event bus makes its topics by itself');
  const { created, differences } = await apply(kafkaConnection(kafka), ALL_TOPICS, options);
  for (const name of created) console.log(`made: ${name}`);
  for (const { topic, setting, wanted, found } of differences) console.log(`different: ${topic}: ${setting} is ${found}, not ${wanted}`);
  if (created.length === 0 && differences.length === 0) console.log('the topics are as they should be');
  if (differences.length > 0) process.exitCode = 1;
}
