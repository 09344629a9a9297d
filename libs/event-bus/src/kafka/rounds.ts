import type { Message } from 'kafkajs';
import { sizeOf } from '../check-messages.ts';
import type { Parcel } from '../gather.ts';
import { partitionOf } from '../partitioner.ts';

/**
 * kafkajs makes one record batch of all messages of a request that are for one partition, and Kafka refuses a batch above
 * `max.message.bytes` (by default 1 MiB and 12 bytes). A single message may be larger than this, and still fits.
 */
export const ROUND_BYTES = 1_000_000;
/** What Kafka's format adds to a message, and to each of its headers, at most. */
const RECORD_OVERHEAD = 40;
const HEADER_OVERHEAD = 10;

/** A message of kafkajs whose partition is chosen. */
export interface PlacedMessage extends Message {
  readonly partition: number;
}

/** What goes into one request: messages by topic. */
export type Round = ReadonlyMap<string, readonly PlacedMessage[]>;

/**
 * Spreads messages over requests that are to be sent one after the other. In each, a partition has at most `ROUND_BYTES`, or a single
 * message. Messages of one partition keep their order.
 * @param partitionsOf number of partitions of a topic
 */
export function roundsOf(parcels: readonly Parcel[], partitionsOf: (topic: string) => number): readonly Round[] {
  const rounds: Map<string, PlacedMessage[]>[] = [];
  /** By topic and partition: the last round that has any of its messages, and how much of it they fill. */
  const filled = new Map<string, { round: number; bytes: number }>();
  for (const { topic, messages } of parcels) {
    const partitions = partitionsOf(topic);
    for (const message of messages) {
      const partition = partitionOf(message.key, partitions);
      const bytes = sizeOf(message) + RECORD_OVERHEAD + HEADER_OVERHEAD * Object.keys(message.headers ?? {}).length;
      const place = filled.get(`${topic} ${partition}`) ?? { round: 0, bytes: 0 };
      if (place.bytes > 0 && place.bytes + bytes > ROUND_BYTES) {
        place.round += 1;
        place.bytes = 0;
      }
      place.bytes += bytes;
      filled.set(`${topic} ${partition}`, place);
      const round = (rounds[place.round] ??= new Map());
      const placed = round.get(topic) ?? [];
      placed.push({ key: message.key, value: message.value, headers: { ...message.headers }, partition });
      round.set(topic, placed);
    }
  }
  return rounds;
}
