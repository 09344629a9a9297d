import type { BusMessage } from './port.ts';

/** Below the 1 MiB that Apache Kafka takes in one request by default, so that a message that fits one engine fits the other. */
export const MAX_MESSAGE_BYTES = 1_000_000;

/** Header that tells where a dead letter comes from. */
export const DEAD_LETTER_TOPIC = 'dead-letter-topic';
/** A dead letter carries more headers than the message it was, which may have been as large as a message can be. */
const DEAD_LETTER_ROOM = 10_000;

/** Bytes of a message as it travels: key, value and headers. */
export function sizeOf({ key, value, headers = {} }: BusMessage): number {
  let size = Buffer.byteLength(key) + Buffer.byteLength(value);
  for (const [name, text] of Object.entries(headers)) size += Buffer.byteLength(name) + Buffer.byteLength(text);
  return size;
}

/**
 * Refuses what an engine would refuse, before the messages share a request with those of other callers.
 * @throws RangeError that names the message by its place, never by its text.
 */
export function checkMessages(messages: readonly BusMessage[]): void {
  messages.forEach((message, i) => {
    const size = sizeOf(message);
    const limit = message.headers && DEAD_LETTER_TOPIC in message.headers ? MAX_MESSAGE_BYTES + DEAD_LETTER_ROOM : MAX_MESSAGE_BYTES;
    if (size > limit) throw new RangeError(`message ${i} has ${size} bytes; the event bus takes at most ${limit}`);
    if (message.key.includes('\0') || message.value.includes('\0')) throw new RangeError(`message ${i} contains U+0000`);
  });
}
