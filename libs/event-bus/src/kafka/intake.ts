import type { KafkaMessage } from 'kafkajs';
import type { Position, Read, Source } from '../hand-out/source.ts';
import type { ReceivedMessage } from '../port.ts';

/** A partition that has this much in memory is not fetched further until half of it is gone. */
const FULL_BYTES = 1_000_000;
const FULL_BATCHES = 2;
const FULL_MESSAGES = 1_000;

interface Queue {
  messages: KafkaMessage[];
  bytes: number;
  /** Offset of the next message that may come. */
  next: bigint;
  full: boolean;
}

/** Messages that were fetched and not yet committed, by partition. Bounded: whoever fills it asks whether there is room. */
export class Intake implements Source {
  readonly #queues = new Map<number, Queue>();
  readonly #roomAgain: (partitionId: number) => void;
  readonly #fullMessages: number;

  /** @param roomAgain called when a partition that was full has room. */
  constructor(maxBatch: number, roomAgain: (partitionId: number) => void) {
    this.#fullMessages = Math.max(FULL_MESSAGES, FULL_BATCHES * maxBatch);
    this.#roomAgain = roomAgain;
  }

  /** Begins a partition afresh at `next`. */
  open(partitionId: number, next: bigint): void {
    this.#queues.set(partitionId, { messages: [], bytes: 0, next, full: false });
  }

  close(partitionId: number): void {
    this.#queues.delete(partitionId);
  }

  /** @returns false when the messages do not follow what came before; they are not taken then. */
  add(partitionId: number, messages: readonly KafkaMessage[]): boolean {
    const queue = this.#queues.get(partitionId);
    const [first, last] = [messages[0], messages.at(-1)];
    if (!queue || !first || !last) return true;
    if (BigInt(first.offset) < queue.next) return false;
    queue.messages.push(...messages);
    for (const message of messages) queue.bytes += bytesOf(message);
    queue.next = BigInt(last.offset) + 1n;
    queue.full = queue.messages.length >= this.#fullMessages || queue.bytes >= FULL_BYTES;
    return true;
  }

  full(partitionId: number): boolean {
    return this.#queues.get(partitionId)?.full ?? false;
  }

  /** What is before a position is done, and dropped. */
  async read(positions: readonly Position[], room: number, maxBatch: number): Promise<readonly Read[]> {
    const found: Read[] = [];
    for (const { partitionId, offset } of positions) {
      const queue = this.#queues.get(partitionId);
      if (!queue) continue;
      this.#drop(partitionId, queue, offset);
      if (queue.messages.length > 0 && found.length < room) {
        found.push({ partitionId, messages: queue.messages.slice(0, maxBatch).map(received), end: queue.next });
      }
    }
    return found;
  }

  #drop(partitionId: number, queue: Queue, position: bigint): void {
    const left = queue.messages.findIndex(({ offset }) => BigInt(offset) >= position);
    const done = queue.messages.splice(0, left < 0 ? queue.messages.length : left);
    for (const message of done) queue.bytes -= bytesOf(message);
    if (!queue.full || queue.messages.length > this.#fullMessages / 2 || queue.bytes > FULL_BYTES / 2) return;
    queue.full = false;
    this.#roomAgain(partitionId);
  }
}

const bytesOf = ({ key, value }: KafkaMessage): number => (key?.length ?? 0) + (value?.length ?? 0);

function received({ key, value, headers = {}, offset, timestamp }: KafkaMessage): ReceivedMessage {
  const texts = Object.entries(headers).map(([name, header]) => [name, String(Array.isArray(header) ? header.at(-1) : (header ?? ''))]);
  return {
    key: key?.toString() ?? '',
    value: value?.toString() ?? '',
    headers: Object.fromEntries(texts) as Record<string, string>,
    offset: BigInt(offset),
    timestamp: Number(timestamp),
  };
}
