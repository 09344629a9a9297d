import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { describeWithEngine } from '@heliograph/testkit';
import type { ISocketFactory } from 'kafkajs';
import { until } from '../contract/collector.ts';
import { Gate } from '../embedded/embedded-engine.ts';
import { BusUnavailableError } from '../port.ts';
import { KafkaAdmin } from './admin.ts';
import { KafkaProducer } from './producer.ts';
import { applyTopics } from './topics.ts';

describeWithEngine('kafka', 'The producer on Apache Kafka', (broker) => {
  const connection = { brokers: [broker], clientId: 'spec' };
  const PARTITIONS = 4;
  let admin: KafkaAdmin;
  let producer: KafkaProducer;
  let taken: string;
  let refused: string;

  beforeEach(async () => {
    [taken, refused] = [`taken.${randomUUID()}`, `refused.${randomUUID()}`];
    const topics = [taken, refused].map((name) => ({ name, partitions: PARTITIONS, retentionMs: 3_600_000, groups: [], carriesText: false }));
    await applyTopics(connection, topics, { replication: 1, minInsyncReplicas: 1 });
    admin = new KafkaAdmin(connection);
    producer = new KafkaProducer(connection, () => PARTITIONS);
  });
  afterEach(() => Promise.all([admin.close(), producer.close()]));

  const messages = Array.from({ length: 40 }, (_, i) => ({ key: `key ${i}`, value: String(i) }));
  const parcels = (): Parameters<KafkaProducer['send']>[0] => [taken, refused].map((topic) => ({ topic, messages }));
  const stored = async (topic: string): Promise<number> => [...(await admin.extents(topic, null)).values()].reduce((sum, { start, end }) => sum + Number(end - start), 0);
  const make = (topic: string): Promise<unknown> =>
    admin.call('making a topic', (client) => client.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 1 }] }));
  /** Removes the topic behind the producer's back: it goes on sending to a leader that no longer takes it. */
  const remove = async (topic: string): Promise<void> => {
    await producer.send(parcels());
    // New partitions are led by now, so this one is not refused, and its connection knows both topics.
    await producer.send(parcels());
    await admin.call('removing a topic', (client) => client.deleteTopics({ topics: [topic] }));
    await until('the topic is gone', async () => !(await admin.call('listing topics', (client) => client.listTopics())).includes(topic));
  };

  test('what was refused is sent again until it is taken; what was taken is there once', async () => {
    await remove(refused);
    const sending = producer.send(parcels());
    await until('one topic has its messages', async () => (await stored(taken)) > 2 * messages.length);
    await make(refused);
    await sending;
    expect(await stored(taken)).toBe(3 * messages.length);
    expect(await stored(refused)).toBe(messages.length);
  });

  test('what is refused for as long as that is reported, and what shared its request is there once', async () => {
    await remove(refused);
    const sending = producer.send(parcels());
    await expect(sending).rejects.toThrow(BusUnavailableError);
    await expect(sending).rejects.toThrow(/does not host this topic-partition/);
    expect(await stored(taken)).toBe(3 * messages.length);
  });

  test('topics that were just made take everything once, whoever leads them by then', async () => {
    const names = Array.from({ length: 8 }, () => `fresh.${randomUUID()}`);
    await admin.call('making topics', (client) =>
      client.createTopics({ waitForLeaders: false, topics: names.map((topic) => ({ topic, numPartitions: PARTITIONS, replicationFactor: 1 })) }),
    );
    await producer.send(names.map((topic) => ({ topic, messages })));
    for (const name of names) expect(await stored(name)).toBe(messages.length);
  });

  test('a connection that ends under way is replaced, and the rest is sent on the new one', async () => {
    const { gate, url } = await Gate.open(`tcp://${broker}`);
    const socketFactory: ISocketFactory = ({ onConnect }) => connect({ host: '127.0.0.1', port: Number(new URL(url).port) }, onConnect);
    const through = new KafkaProducer({ ...connection, socketFactory }, () => PARTITIONS);
    await through.send([{ topic: taken, messages: messages.slice(0, 1) }]);
    gate.silence();
    const sending = through.send([{ topic: taken, messages: messages.slice(1) }]);
    await new Promise(setImmediate);
    gate.mend();
    await sending;
    expect(await stored(taken)).toBeGreaterThanOrEqual(messages.length);
    await through.close();
    gate.close();
  });
});
