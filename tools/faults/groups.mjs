// Consumer groups as Kafka sees them.
import kafkajs from 'kafkajs';

const { Kafka, logLevel } = kafkajs;
process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';

const RETRY = { initialRetryTime: 200, retries: 4, maxRetryTime: 1_000 };
const clientOf = (brokers) => new Kafka({ clientId: 'faults', brokers: [brokers], logLevel: logLevel.NOTHING, retry: RETRY });

async function withAdmin(brokers, work) {
  const admin = clientOf(brokers).admin();
  await admin.connect();
  return work(admin).finally(() => admin.disconnect().catch(() => undefined));
}

/** How many members a group has; null while it is not stable. */
export const membersOf = (brokers, group) =>
  withAdmin(brokers, async (admin) => {
    const { groups } = await admin.describeGroups([group]);
    return groups[0].state === 'Stable' ? groups[0].members.length : null;
  });

/** Messages that a group has not committed yet, of all partitions of `topic`. */
export const lagOf = (brokers, group, topic) =>
  withAdmin(brokers, async (admin) => {
    const [ends, [committed]] = await Promise.all([admin.fetchTopicOffsets(topic), admin.fetchOffsets({ groupId: group, topics: [topic] })]);
    const done = new Map(committed.partitions.map(({ partition, offset }) => [partition, Math.max(Number(offset), 0)]));
    return ends.reduce((sum, { partition, low, high }) => sum + Number(high) - Math.max(done.get(partition) ?? 0, Number(low)), 0);
  });

/** How many messages a topic has. */
export const countOf = (brokers, topic) =>
  withAdmin(brokers, async (admin) => (await admin.fetchTopicOffsets(topic)).reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0));

/** All messages of a topic, from the first on. */
export async function readAll(brokers, topic) {
  const expected = await countOf(brokers, topic);
  const messages = [];
  if (expected === 0) return messages;
  const consumer = clientOf(brokers).consumer({ groupId: `faults-${process.pid}`, sessionTimeout: 10_000 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    const eachMessage = async ({ message }) => {
      messages.push(JSON.parse(message.value.toString()));
      if (messages.length >= expected) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return messages;
}
