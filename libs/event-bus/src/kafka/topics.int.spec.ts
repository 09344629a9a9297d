import { randomUUID } from 'node:crypto';
import { ALL_TOPICS, type TopicDefinition } from '@heliograph/contracts';
import { describeWithEngine } from '@heliograph/testkit';
import { BusUnavailableError } from '../port.ts';
import { KafkaEventBus } from './kafka-event-bus.ts';
import { KafkaProducer } from './producer.ts';
import { applyTopics } from './topics.ts';

describeWithEngine('kafka', 'Topics on Apache Kafka', (broker) => {
  const connection = { brokers: [broker], clientId: 'spec' };
  const ONE = { replication: 1, minInsyncReplicas: 1 };
  const named = (definitions: readonly TopicDefinition[]): readonly TopicDefinition[] => {
    const run = randomUUID();
    return definitions.map((definition) => ({ ...definition, name: `${definition.name}.${run}` }));
  };

  test('every topic of the contracts is made as defined, once; a second time finds nothing to do', async () => {
    const topics = named(ALL_TOPICS);
    expect(await applyTopics(connection, topics, ONE)).toEqual({ created: topics.map(({ name }) => name), differences: [] });
    expect(await applyTopics(connection, topics, ONE)).toEqual({ created: [], differences: [] });
  });

  test('what is different about an existing topic is told, and left as it is', async () => {
    const [topic] = named([{ name: 'events', partitions: 4, retentionMs: 60_000, groups: [], carriesText: false }]);
    await applyTopics(connection, [topic!], ONE);
    const changed = { ...topic!, partitions: 6, retentionMs: 30_000, carriesText: true };
    const differences = [
      ['partitions', '6', '4'],
      ['replication', '3', '1'],
      ['retention.ms', '30000', '60000'],
      ['segment.ms', '3600000', '86400000'],
      ['min.insync.replicas', '2', '1'],
    ].map(([setting, wanted, found]) => ({ topic: topic!.name, setting, wanted, found }));
    expect(await applyTopics(connection, [changed])).toEqual({ created: [], differences });
    expect(await applyTopics(connection, [topic!], ONE)).toEqual({ created: [], differences: [] });
  });

  test('more copies than there are brokers are refused, and it is said why', async () => {
    const applying = applyTopics(connection, named(ALL_TOPICS.slice(0, 1)));
    await expect(applying).rejects.toThrow(BusUnavailableError);
    await expect(applying).rejects.toThrow(/replication-factor/i);
  });

  test('a topic that is missing, or has other partitions than defined, is not published to, and it is said what to do', async () => {
    const [missing, other] = named([
      { name: 'missing', partitions: 1, retentionMs: 60_000, groups: [], carriesText: false },
      { name: 'other', partitions: 2, retentionMs: 60_000, groups: [], carriesText: false },
    ]);
    await applyTopics(connection, [other!], ONE);
    const bus = new KafkaEventBus({ ...connection, topics: [missing!, { ...other!, partitions: 3 }] });
    const message = [{ key: 'k', value: 'v' }];
    await expect(bus.publish(missing!.name, message)).rejects.toThrow('helio topics apply');
    await expect(bus.publish(other!.name, message)).rejects.toThrow('has 2 partitions, not 3');
    await applyTopics(connection, [missing!], ONE);
    await bus.publish(missing!.name, message);
    await bus.close();
  });

  test('a message for a partition that is not there is not taken for published', async () => {
    const [topic] = named([{ name: 'events', partitions: 2, retentionMs: 60_000, groups: [], carriesText: false }]);
    await applyTopics(connection, [topic!], ONE);
    const messages = Array.from({ length: 20 }, (_, i) => ({ key: `key ${i}`, value: 'v' }));
    const [right, wrong] = [2, 20].map((partitions) => new KafkaProducer(connection, () => partitions));
    await right!.send([{ topic: topic!.name, messages }]);
    await expect(wrong!.send([{ topic: topic!.name, messages }])).rejects.toThrow(/did not confirm partition/);
    await Promise.all([right!.close(), wrong!.close()]);
  });
});
