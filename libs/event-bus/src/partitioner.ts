const MIX = 0x5bd1e995;
const SEED = 0x9747b28c;

/** MurmurHash2, 32 bits, with the seed of Apache Kafka (`org.apache.kafka.common.utils.Utils.murmur2`). A signed integer, as in Java. */
export function murmur2(data: Uint8Array): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const { length } = data;
  const tail = length & ~3;
  let hash = SEED ^ length;
  for (let i = 0; i < tail; i += 4) {
    let word = Math.imul(view.getInt32(i, true), MIX);
    word ^= word >>> 24;
    hash = Math.imul(hash, MIX) ^ Math.imul(word, MIX);
  }
  for (let i = length - 1; i >= tail; i -= 1) hash ^= data[i]! << (8 * (i - tail));
  if (tail < length) hash = Math.imul(hash, MIX);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MIX);
  return (hash ^ (hash >>> 15)) | 0;
}

const encoder = new TextEncoder();

/** The partition of a key: what Kafka's Java client chooses for the same key in UTF-8, so that both engines and other tools agree. */
export const partitionOf = (key: string, partitions: number): number => (murmur2(encoder.encode(key)) & 0x7fffffff) % partitions;
