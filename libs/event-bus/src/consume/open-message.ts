import type { Codec } from '@heliograph/contracts';
import { UnknownMessageError } from './errors.ts';

/**
 * The message in a value that the bus handed out.
 * @throws UnknownMessageError for a newer release's message: its partition waits. Error for a broken one: a dead letter.
 */
export function openMessage<Message extends { readonly type: string }>(codec: Codec<Message>, value: string): Message {
  const decoded = codec.decode(value);
  switch (decoded.kind) {
    case 'message':
      return decoded.message;
    case 'unknown':
      throw new UnknownMessageError(`${decoded.type} version ${String(decoded.version)}`);
    case 'invalid':
      throw new Error(`message does not fit its schema: ${decoded.detail}`);
    default:
      return decoded satisfies never;
  }
}
