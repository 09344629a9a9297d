import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { SafeHttpError } from './errors.ts';

const inflate = promisify(gunzip);

const tooLarge = (maxBytes: number) => new SafeHttpError('too-large', `the answer has more than ${maxBytes} bytes`);

/**
 * What was received of a body, at most `maxBytes`. Into one growing buffer: a peer that sends chunks of one byte would make a list of
 * chunks a hundred times as large as what is in them.
 */
class Received {
  #buffer: Buffer;
  #length = 0;

  constructor(private readonly maxBytes: number) {
    this.#buffer = Buffer.allocUnsafe(Math.min(maxBytes, 16_384));
  }

  /** False: it does not fit, and was cut. */
  add(chunk: Uint8Array): boolean {
    const needed = Math.min(this.#length + chunk.length, this.maxBytes);
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.maxBytes, Math.max(needed, this.#buffer.length * 2)));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    const taken = needed - this.#length;
    this.#buffer.set(chunk.subarray(0, taken), this.#length);
    this.#length = needed;
    return taken === chunk.length;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}

async function collect(stream: Readable, maxBytes: number): Promise<Buffer> {
  const received = new Received(maxBytes);
  // Leaving the loop destroys the stream, and the socket with it.
  for await (const chunk of stream as AsyncIterable<Uint8Array>) if (!received.add(chunk)) throw tooLarge(maxBytes);
  return received.bytes;
}

/**
 * The first `maxBytes` of a body that nobody is interested in, as received. Reads so far, because a connection whose answer was read to
 * the end can be used again. Never fails: what goes wrong from here on does not change the status that was heard.
 */
export async function skimBody(stream: Readable, maxBytes: number): Promise<Buffer> {
  const received = new Received(maxBytes);
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) if (!received.add(chunk)) break;
  } catch {
    // Cut off, or not as long as announced, or out of time.
  }
  return received.bytes;
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
