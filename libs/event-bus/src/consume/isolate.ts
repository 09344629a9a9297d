import type { ReceivedMessage } from '../port.ts';

/**
 * Which messages to try next, when a failure is known to lie before offset `failsBefore` (null: nowhere): the nearer half of the suspects,
 * so that a single message is isolated in as many steps as its batch has binary digits. Never empty for a batch that is not.
 */
export function nextPiece(messages: readonly ReceivedMessage[], failsBefore: bigint | null): readonly ReceivedMessage[] {
  const suspects = failsBefore === null ? 0 : messages.filter(({ offset }) => offset < failsBefore).length;
  return suspects === 0 ? messages : messages.slice(0, Math.ceil(suspects / 2));
}
