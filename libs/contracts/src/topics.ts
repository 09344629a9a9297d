/** Everything about a topic, in one place; both engines of the event bus make their topics from it. */
export interface TopicDefinition {
  readonly name: string;
  /** Fixed when the topic is made: adding some would move keys (ADR 0004). */
  readonly partitions: number;
  /** How long messages stay at most, in milliseconds. */
  readonly retentionMs: number;
  /**
   * Consumer groups that exist by design. The embedded engine drops a message of a `carriesText` topic as soon as all of them
   * have committed it; Apache Kafka drops it by retention.
   */
  readonly groups: readonly string[];
  /** Whether messages carry people's words: such topics keep as little as they can. */
  readonly carriesText: boolean;
}

const HOUR = 3_600_000;

/** How Apache Kafka keeps every topic, unless an operator says otherwise. */
export const STORAGE = {
  /** Copies of each partition, and how many of them must have a message before it is acknowledged: one broker may be away. */
  replication: 3,
  minInsyncReplicas: 2,
  /** Messages go when they are older than the topic's retention. */
  cleanupPolicy: 'delete',
  /** A file of messages is closed after this long, in ms; only then can it go. Of text, less is kept beyond its time. */
  segmentMs: 24 * HOUR,
  textSegmentMs: HOUR,
} as const;

export const GROUPS = { projection: 'status-projection', delivery: 'delivery' } as const;

export const TOPICS = {
  statusSubmitted: { name: 'status.submitted.v1', partitions: 24, retentionMs: 72 * HOUR, groups: [GROUPS.projection], carriesText: true },
  statusRecorded: { name: 'status.recorded.v1', partitions: 24, retentionMs: 72 * HOUR, groups: [GROUPS.delivery], carriesText: false },
  graph: { name: 'graph.v1', partitions: 12, retentionMs: 30 * 24 * HOUR, groups: [GROUPS.delivery], carriesText: false },
} as const satisfies Record<string, TopicDefinition>;

/** Name of the topic where messages of `topic` go that fail by themselves. */
export const deadLetterName = (topic: string): string => `${topic}.dead`;

/** Where messages go that fail by themselves; same retention as the topic they come from. */
export const deadLetterTopic = (topic: TopicDefinition): TopicDefinition => ({
  ...topic,
  name: deadLetterName(topic.name),
  partitions: 1,
  groups: [],
});

export const ALL_TOPICS: readonly TopicDefinition[] = Object.values(TOPICS).flatMap((topic) => [topic, deadLetterTopic(topic)]);
