import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { SafeHttpError } from './errors.ts';

const inflate = promisify(gunzip);

const tooLarge = (maxBytes: number) => new SafeHttpError('too-large', `the answer has more than ${maxBytes} bytes`);

/**
 * Reads at most `maxBytes`. Into one growing buffer: a peer that sends chunks of one byte would make a list of chunks a hundred times
 * as large as what is in them.
 */
async function collect(stream: Readable, maxBytes: number): Promise<Buffer> {
  let buffer = Buffer.allocUnsafe(Math.min(maxBytes, 16_384));
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    const needed = length + chunk.length;
    if (needed > maxBytes) throw tooLarge(maxBytes); // leaving the loop destroys the stream, and the socket with it
    if (needed > buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(needed, buffer.length * 2)));
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
    buffer.set(chunk, length);
    length = needed;
  }
  return buffer.subarray(0, length);
}

/**
 * The body of an answer, decompressed. `maxBytes` bounds what is received and what comes out of it.
 * @throws {SafeHttpError} `too-large`, or `bad-response` for an encoding that was not asked for or is broken
 */
export async function readBody(stream: Readable, contentLength: string | undefined, encoding: string, maxBytes: number): Promise<Buffer> {
  if (Number(contentLength) > maxBytes) {
    stream.on('error', () => undefined).destroy();
    throw tooLarge(maxBytes);
  }
  const received = await collect(stream, maxBytes);
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return received;
    case 'gzip':
    case 'x-gzip':
      return received.length === 0 ? received : decompress(received, maxBytes);
    default:
      throw new SafeHttpError('bad-response', 'the answer has a content-encoding that was not asked for');
  }
}

async function decompress(received: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await inflate(received, { maxOutputLength: maxBytes });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw new SafeHttpError('bad-response', 'the answer is broken gzip', { cause: error });
  }
}
