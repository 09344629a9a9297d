import { STORAGE, type TopicDefinition } from '@heliograph/contracts';
import kafkajs, { type ITopicMetadata } from 'kafkajs';
import { KafkaAdmin } from './admin.ts';
import type { KafkaConnection } from './client.ts';
import { unavailable } from './errors.ts';

const APPLY_MS = 60_000;
/** Asking again would not help. */
const REFUSALS = ['INVALID_REPLICATION_FACTOR', 'INVALID_CONFIG', 'INVALID_TOPIC_EXCEPTION', 'POLICY_VIOLATION', 'TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'];

export interface ApplyTopicsOptions {
  /** Copies of each partition; default 3. */
  readonly replication?: number;
  /** Copies that have to have a message before it is acknowledged; default 2. */
  readonly minInsyncReplicas?: number;
}

/** An existing topic that is not as defined. Nothing is changed: each setting may have been chosen, and some cannot be taken back. */
export interface TopicDifference {
  readonly topic: string;
  /** `partitions`, `replication`, or the name of a topic configuration of Kafka. */
  readonly setting: string;
  readonly wanted: string;
  readonly found: string;
}

export interface AppliedTopics {
  /** Names of the topics that were made. */
  readonly created: readonly string[];
  readonly differences: readonly TopicDifference[];
}

/**
 * Makes the topics that are missing and tells what is different about those that exist. It never changes or removes anything, so it can
 * be run at any time.
 * @throws BusUnavailableError when the brokers do not answer or refuse, as for more copies than there are brokers
 */
export async function applyTopics(
  connection: KafkaConnection,
  definitions: readonly TopicDefinition[],
  { replication = STORAGE.replication, minInsyncReplicas = STORAGE.minInsyncReplicas }: ApplyTopicsOptions = {},
): Promise<AppliedTopics> {
  const admin = new KafkaAdmin(connection);
  try {
    const existing = new Set(await admin.call('listing topics', (client) => client.listTopics()));
    const topics = definitions.map((definition) => ({ definition, config: configOf(definition, minInsyncReplicas) }));
    const missing = topics.filter(({ definition }) => !existing.has(definition.name));
    if (missing.length > 0) await create(admin, missing, replication);
    // Also until the brokers know of the new ones, which they hear a moment later.
    const names = definitions.map(({ name }) => name);
    const { topics: present } = await admin.call('asking for topics', (client) => client.fetchTopicMetadata({ topics: names }), { patienceMs: APPLY_MS });
    const found = topics.filter(({ definition }) => existing.has(definition.name));
    const differences = found.length > 0 ? await compare(admin, found, replication, present) : [];
    return { created: missing.map(({ definition }) => definition.name), differences };
  } catch (error) {
    throw unavailable(error);
  } finally {
    await admin.close();
  }
}

interface WantedTopic {
  readonly definition: TopicDefinition;
  /** Topic configuration of Kafka, by name. */
  readonly config: Readonly<Record<string, string>>;
}

function configOf({ retentionMs, carriesText }: TopicDefinition, minInsyncReplicas: number): Readonly<Record<string, string>> {
  return {
    'cleanup.policy': STORAGE.cleanupPolicy,
    'retention.ms': String(retentionMs),
    // Kafka drops whole segments, and only closed ones: text goes at most this much later than it should.
    'segment.ms': String(carriesText ? STORAGE.textSegmentMs : STORAGE.segmentMs),
    'min.insync.replicas': String(minInsyncReplicas),
    'unclean.leader.election.enable': 'false',
    // The broker's clock: what a producer says would let a message stay for years, or go at once.
    'message.timestamp.type': 'LogAppendTime',
  };
}

async function create(admin: KafkaAdmin, wanted: readonly WantedTopic[], replicationFactor: number): Promise<void> {
  const topics = wanted.map(({ definition, config }) => ({
    topic: definition.name,
    numPartitions: definition.partitions,
    replicationFactor,
    configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
  }));
  await admin.call('making topics', (client) => client.createTopics({ topics, waitForLeaders: false }), { patienceMs: APPLY_MS, settled: REFUSALS });
}

async function compare(admin: KafkaAdmin, wanted: readonly WantedTopic[], replication: number, present: readonly ITopicMetadata[]): Promise<readonly TopicDifference[]> {
  const resources = wanted.map(({ definition }) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name: definition.name }));
  const configs = await admin.call('asking for configurations', (client) => client.describeConfigs({ includeSynonyms: false, resources }));
  return wanted.flatMap(({ definition: { name: topic, partitions: count }, config }) => {
    const partitions = present.find(({ name }) => name === topic)?.partitions ?? [];
    const entries = configs.resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? [];
    const settings = [
      { setting: 'partitions', wanted: String(count), found: String(partitions.length) },
      { setting: 'replication', wanted: String(replication), found: String(Math.min(...partitions.map(({ replicas }) => replicas.length))) },
      ...Object.entries(config).map(([name, value]) => ({
        setting: name,
        wanted: value,
        found: entries.find(({ configName }) => configName === name)?.configValue ?? 'unknown',
      })),
    ];
    return settings.filter((setting) => setting.wanted !== setting.found).map((setting) => ({ topic, ...setting }));
  });
}
