/**
 * - `refused`: against the rules of this server (scheme, user name, port, address); trying again changes nothing
 * - `unreachable`: name not found, no connection, no trusted certificate, connection lost, or too many requests wait for the host
 * - `timeout`: the whole exchange took too long
 * - `too-large`: the headers, or the body before or after decompression
 * - `too-many-redirects`
 * - `bad-response`: not HTTP, another length than announced, broken or unknown compression, a redirect to nowhere
 */
export type SafeHttpErrorKind = 'refused' | 'unreachable' | 'timeout' | 'too-large' | 'too-many-redirects' | 'bad-response';

/** Why there is no answer. `message` may be shown to strangers: it never tells an address that a name resolved to. */
export class SafeHttpError extends Error {
  override readonly name = 'SafeHttpError';

  constructor(
    readonly kind: SafeHttpErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** undici's and Node's errors, in our terms. Errors of the caller (an impossible header, say) stay as they are. */
export function toSafeHttpError(error: unknown, host: string): unknown {
  if (error instanceof SafeHttpError || !isError(error)) return error;
  // undici's parser does not always set a code.
  if (error.name === 'HTTPParserError') return new SafeHttpError('bad-response', `the answer of ${host} is not HTTP`, { cause: error });
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  switch (code) {
    case 'UND_ERR_INVALID_ARG':
      return error;
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
    case 'ETIMEDOUT':
      return new SafeHttpError('timeout', `${host} did not answer in time`, { cause: error });
    case 'UND_ERR_HEADERS_OVERFLOW':
      return new SafeHttpError('too-large', `the headers of the answer of ${host} are too large`, { cause: error });
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return new SafeHttpError('bad-response', `the answer of ${host} has another length than it says`, { cause: error });
    default:
      return new SafeHttpError('unreachable', `no answer from ${host}${code && ` (${code})`}`, { cause: error });
  }
}

/** `instanceof` fails for errors made in another realm. */
const isError = (value: unknown): value is Error => typeof value === 'object' && value !== null && 'message' in value;
