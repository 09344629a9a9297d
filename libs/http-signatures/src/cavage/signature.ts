import { headerValues, type HeaderBag } from '../headers.ts';

/** The `Signature` header, read and well-formed, but not verified: nothing in it may be trusted yet. */
export interface ParsedSignature {
  /** An absolute http or https URL, often with a fragment. As sent. */
  readonly keyId: string;
  /** Lower case. Null: not given, then the key decides. */
  readonly algorithm: string | null;
  /** What the signature covers, lower case, in order, each once. */
  readonly signedHeaders: readonly string[];
  readonly signature: Buffer;
  /** Seconds since the epoch. */
  readonly created?: number;
  /** Seconds since the epoch, with a fraction if one was sent. */
  readonly expires?: number;
}

export type ReadSignatureResult =
  | { readonly kind: 'missing' }
  /** `reason` is a sentence for the sender. */
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'signature'; readonly value: ParsedSignature };

const malformed = (reason: string) => ({ kind: 'malformed', reason }) as const;

/** Enough for an 8192-bit signature, a long keyId and many header names; bounds what the expressions below look at. */
const MAX_LENGTH = 6_144;
const MAX_HEADERS = 32;
const PARAMETER = /[ \t]*([A-Za-z][A-Za-z0-9_-]*)=(?:"([^"\\]*)"|([^\s",]+))[ \t]*(?:,|$)/y;
const HEADER_NAME = /^(?:\((?:request-target|created|expires)\)|[a-z0-9!#$%&'*+.^_`|~-]+)$/;

/**
 * Reads the `Signature` header (draft-cavage-http-signatures-12 §2.1 and §4.1). Unknown parameters are ignored; a repeated one is
 * malformed, since two readers could take different ones.
 */
export function readSignature(headers: HeaderBag): ReadSignatureResult {
  const [header, ...more] = headerValues(headers, 'signature');
  if (header === undefined) return { kind: 'missing' };
  if (more.length > 0) return malformed('The Signature header was sent more than once.');
  if (header.length > MAX_LENGTH) return malformed('The Signature header is too long.');
  const read = readParameters(header);
  return read.kind === 'malformed' ? read : interpret(read.parameters);
}

type Parameters = { readonly kind: 'parameters'; readonly parameters: ReadonlyMap<string, string> } | ReturnType<typeof malformed>;

function readParameters(header: string): Parameters {
  const parameters = new Map<string, string>();
  for (let at = 0; at < header.length; at = PARAMETER.lastIndex) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(header);
    if (!match) return malformed('The Signature header cannot be read: expected name="value" pairs between commas.');
    const name = match[1]!;
    if (parameters.has(name)) return malformed(`The Signature header has the parameter ${name} more than once.`);
    parameters.set(name, match[2] ?? match[3]!);
  }
  return { kind: 'parameters', parameters };
}

function interpret(parameters: ReadonlyMap<string, string>): ReadSignatureResult {
  const keyId = parameters.get('keyId');
  if (keyId === undefined) return malformed('The Signature header has no keyId.');
  if (!isHttpUrl(keyId)) return malformed('The keyId of the Signature header is not an absolute http or https URL.');

  const encoded = parameters.get('signature');
  if (!encoded) return malformed('The Signature header has no signature.');
  const signature = Buffer.from(encoded, 'base64');
  if (signature.toString('base64') !== encoded) return malformed('The signature of the Signature header is not base64.');

  // §2.1.6: without the parameter, only (created) is covered.
  const signedHeaders = (parameters.get('headers') ?? '(created)').toLowerCase().split(' ');
  if (signedHeaders.length > MAX_HEADERS) return malformed('The Signature header covers too many headers.');
  if (!signedHeaders.every((name) => HEADER_NAME.test(name))) {
    return malformed('The headers parameter of the Signature header is not a list of header names, each after one space.');
  }
  if (new Set(signedHeaders).size < signedHeaders.length) return malformed('The headers parameter of the Signature header repeats a name.');

  const created = parameters.get('created');
  if (created !== undefined && !/^\d{1,12}$/.test(created)) return malformed('created in the Signature header is not a Unix time.');
  const expires = parameters.get('expires');
  // §2.1.5 allows decimals in expires alone.
  if (expires !== undefined && !/^\d{1,12}(\.\d{1,9})?$/.test(expires)) return malformed('expires in the Signature header is not a Unix time.');

  return {
    kind: 'signature',
    value: {
      keyId,
      algorithm: parameters.get('algorithm')?.toLowerCase() ?? null,
      signedHeaders,
      signature,
      ...(created !== undefined && { created: Number(created) }),
      ...(expires !== undefined && { expires: Number(expires) }),
    },
  };
}

/** `new URL` forgives white space and a missing host's slashes, so that two readers could see two keys. */
export function isHttpUrl(text: string): boolean {
  if (text.length > 2_048 || !/^https?:\/\/[^\s\\]+$/i.test(text)) return false;
  const url = URL.parse(text);
  return url !== null && url.username === '' && url.password === '';
}
