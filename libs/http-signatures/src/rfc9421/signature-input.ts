import { type InnerList, isInnerList, parseDictionary } from 'structured-headers';
import { headerValues, type HeaderBag } from '../headers.ts';

/** A signature of RFC 9421, read and well-formed, but not verified: nothing in it may be trusted yet. */
export interface MessageSignature {
  /** An absolute http or https URL, often with a fragment. As sent. */
  readonly keyId: string;
  /** As sent. Null: not given, then the key decides. */
  readonly algorithm: string | null;
  /** What the signature covers, with its parameters. */
  readonly covered: InnerList;
  readonly signature: Buffer;
  /** Seconds since the epoch. */
  readonly created?: number;
  /** Seconds since the epoch. */
  readonly expires?: number;
}

export type ReadMessageSignatureResult =
  | { readonly kind: 'missing' }
  /** `reason` is a sentence for the sender. */
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'signature'; readonly value: MessageSignature };

const malformed = (reason: string) => ({ kind: 'malformed', reason }) as const;
const MAX_LENGTH = 6_144;
const MAX_COMPONENTS = 32;

/**
 * Reads `Signature-Input` and `Signature` (RFC 9421 §4). Of several signatures the first in `Signature-Input` counts: who signs twice for one
 * recipient cannot mean two different senders.
 */
export function readMessageSignature(headers: HeaderBag, isKeyId: (text: string) => boolean): ReadMessageSignatureResult {
  const inputs = dictionary(headers, 'signature-input');
  const signatures = dictionary(headers, 'signature');
  if (inputs.kind !== 'dictionary') return inputs;
  if (signatures.kind === 'missing') return malformed('There is a Signature-Input header but no Signature.');
  if (signatures.kind === 'malformed') return signatures;

  const [label, covered] = [...inputs.members][0] ?? [];
  if (label === undefined || covered === undefined) return malformed('The Signature-Input header is empty.');
  if (!isInnerList(covered)) return malformed(`${label} in Signature-Input is not a list of what is covered.`);
  if (covered[0].length > MAX_COMPONENTS) return malformed('The signature covers too much.');
  const [bytes] = signatures.members.get(label) ?? [];
  if (!(bytes instanceof ArrayBuffer)) return malformed(`The Signature header has no bytes for ${label}.`);

  const [, parameters] = covered;
  const keyId = parameters.get('keyid');
  if (typeof keyId !== 'string' || !isKeyId(keyId)) return malformed('keyid in Signature-Input is not an absolute http or https URL.');
  const algorithm = parameters.get('alg');
  if (algorithm !== undefined && typeof algorithm !== 'string') return malformed('alg in Signature-Input is not a string.');
  const times: { created?: number; expires?: number } = {};
  for (const name of ['created', 'expires'] as const) {
    const value = parameters.get(name);
    if (value === undefined) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) return malformed(`${name} in Signature-Input is not a Unix time.`);
    times[name] = value;
  }
  return { kind: 'signature', value: { keyId, algorithm: algorithm ?? null, covered, signature: Buffer.from(bytes), ...times } };
}

type Members = { readonly kind: 'dictionary'; readonly members: ReturnType<typeof parseDictionary> } | { readonly kind: 'missing' } | ReturnType<typeof malformed>;

function dictionary(headers: HeaderBag, name: string): Members {
  const values = headerValues(headers, name);
  if (values.length === 0) return { kind: 'missing' };
  const text = values.join(', ');
  if (text.length > MAX_LENGTH) return malformed(`The ${name} header is too long.`);
  try {
    return { kind: 'dictionary', members: parseDictionary(text) };
  } catch {
    return malformed(`The ${name} header is not a dictionary of RFC 9651.`);
  }
}
