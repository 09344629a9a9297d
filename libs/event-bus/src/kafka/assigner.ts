import kafkajs, { type PartitionAssigner } from 'kafkajs';
import { shareOf } from '../hand-out/share.ts';

const NAME = 'heliograph';
const VERSION = 0;
const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;

export interface GroupMember {
  readonly memberId: string;
  /** What it subscribes to. */
  readonly topics: readonly string[];
}

/** By member, then by topic: its partitions. */
export type Shares = ReadonlyMap<string, Readonly<Record<string, number[]>>>;

/**
 * Shares the partitions of each topic among those members that subscribe to it. kafkajs's own assigner gives every member a share of what
 * the leader of the group subscribes to; members of one group that have different topics (one consumer for each handler) would leave
 * partitions unread.
 */
export function sharesOf(members: readonly GroupMember[], partitionsOf: (topic: string) => number): Shares {
  const shares = new Map(members.map(({ memberId }) => [memberId, {} as Record<string, number[]>]));
  const topics = [...new Set(members.flatMap((member) => member.topics))].sort();
  for (const [i, topic] of topics.entries()) {
    const subscribers = members.filter((member) => member.topics.includes(topic)).map(({ memberId }) => memberId).sort();
    // Begins with another member for each topic, so that what does not divide evenly does not always go to the same one.
    const turn = i % subscribers.length;
    const inTurn = [...subscribers.slice(turn), ...subscribers.slice(0, turn)];
    for (const memberId of inTurn) shares.get(memberId)![topic] = [...shareOf(memberId, inTurn, partitionsOf(topic))];
  }
  return shares;
}

/** @param beforeJoin called right before this member asks to join. What it throws keeps it from joining (see `BatchesRunning`). */
export const assignerWith =
  (beforeJoin: () => void): PartitionAssigner =>
  ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    async assign({ members }) {
      const known = members.map(({ memberId, memberMetadata }) => ({ memberId, topics: MemberMetadata.decode(memberMetadata)?.topics ?? [] }));
      await cluster.addMultipleTargetTopics([...new Set(known.flatMap(({ topics }) => topics))]);
      const shares = sharesOf(known, (topic) => cluster.findTopicPartitionMetadata(topic).length);
      return [...shares].map(([memberId, assignment]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({ version: VERSION, assignment, userData: Buffer.alloc(0) }),
      }));
    },
    protocol({ topics }) {
      beforeJoin();
      return { name: NAME, metadata: MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.alloc(0) }) };
    },
  });

/** For `beforeJoin`: kafkajs takes it for a rebalance under way and, in a moment, tries to join again. */
export class BatchesRunning extends Error {
  override readonly name = 'BatchesRunning';
  readonly type = 'REBALANCE_IN_PROGRESS';
}
