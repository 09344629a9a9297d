import type { TopicDefinition } from '@heliograph/contracts';
import type { GroupLag } from '../port.ts';
import type { Extent, KafkaAdmin } from './admin.ts';

/** How exact an age is: whichever is more. */
const PRECISION_MS = 20;
const PRECISION = 0.02;

/** How far the groups that the definitions name are behind. @throws BusUnavailableError */
export async function lagOf(admin: KafkaAdmin, definitions: readonly TopicDefinition[]): Promise<readonly GroupLag[]> {
  const pairs = definitions.flatMap((definition) => definition.groups.map((group) => ({ definition, group })));
  return Promise.all(
    pairs.map(async ({ definition: { name: topic, retentionMs }, group }) => {
      const waiting = waitingIn(await admin.extents(topic, group));
      const messages = [...waiting.values()].reduce((sum, { count }) => sum + count, 0);
      return { topic, group, messages, seconds: messages === 0 ? 0 : (await ageOf(admin, topic, waiting, retentionMs)) / 1_000 };
    }),
  );
}

interface Waiting {
  readonly from: bigint;
  readonly count: number;
}

/** By partition: what is not committed, where there is any. */
function waitingIn(extents: ReadonlyMap<number, Extent>): ReadonlyMap<number, Waiting> {
  const all = [...extents].map(([partition, { start, end, committed }]) => {
    const from = committed === null || committed < start ? start : committed;
    return [partition, { from, count: Number(end - from) }] as const;
  });
  return new Map(all.filter(([, { count }]) => count > 0));
}

/**
 * Age in ms of the oldest message that waits in any of the partitions. Kafka says from which offset on messages are younger than a moment
 * (not when a message came), so the moment is found by halving: about ten questions, each for all partitions. Topics have the broker's
 * time (`message.timestamp.type=LogAppendTime`), which only rises within a partition.
 */
async function ageOf(admin: KafkaAdmin, topic: string, waiting: ReadonlyMap<number, Waiting>, retentionMs: number): Promise<number> {
  const now = Date.now();
  const oneIsOlderThan = async (age: number): Promise<boolean> => {
    const firsts = await admin.call('asking for offsets by time', (client) => client.fetchTopicOffsetsByTimestamp(topic, Math.floor(now - age)));
    return firsts.some(({ partition, offset }) => BigInt(offset) > (waiting.get(partition)?.from ?? BigInt(offset)));
  };
  // Kafka drops whole segments, so a message may outlive its retention; older than twice of it is told as twice.
  let [low, high] = [0, PRECISION_MS];
  while (high < 2 * retentionMs && (await oneIsOlderThan(high))) [low, high] = [high, high * 16];
  while (high - low > Math.max(PRECISION_MS, PRECISION * low)) {
    const middle = (low + high) / 2;
    if (await oneIsOlderThan(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
