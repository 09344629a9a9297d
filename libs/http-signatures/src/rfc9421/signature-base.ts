import { type InnerList, type Item, serializeInnerList, serializeItem } from 'structured-headers';
import { headerValues, type HeaderBag } from '../headers.ts';

/** A request or a response, as far as a signature can cover it. */
export interface CoveredMessage {
  readonly headers: HeaderBag;
  /** Of a request. Any case as sent: methods are case-sensitive. */
  readonly method?: string;
  /** Target URI of a request, absolute. */
  readonly url?: URL;
  /** Of a response. */
  readonly status?: number;
}

export type SignatureBase =
  | { readonly kind: 'base'; readonly value: string }
  /** `reason` is a sentence for the sender. */
  | { readonly kind: 'refused'; readonly reason: string };

const refused = (reason: string): { readonly kind: 'refused'; readonly reason: string } => ({ kind: 'refused', reason });

/**
 * What is signed (RFC 9421 §2.5). `covered`: a member of `Signature-Input`, with its parameters in the order in which they were sent.
 *
 * Derived components of §2.2, and fields without parameters: `sf`, `key`, `bs`, `tr` and `req` ask to read what is covered in other ways than it
 * was sent, and no server of this network uses them.
 */
export function signatureBase(message: CoveredMessage, covered: InnerList): SignatureBase {
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const item of covered[0]) {
    const identifier = serializeItem(item);
    if (seen.has(identifier)) return refused(`The signature covers ${identifier} more than once.`);
    seen.add(identifier);
    const value = componentValue(message, item);
    if (value.kind === 'refused') return value;
    lines.push(`${identifier}: ${value.value}`);
  }
  lines.push(`"@signature-params": ${serializeInnerList(covered)}`);
  return { kind: 'base', value: lines.join('\n') };
}

type Value = { readonly kind: 'value'; readonly value: string } | ReturnType<typeof refused>;
const found = (value: string): Value => ({ kind: 'value', value });

function componentValue(message: CoveredMessage, [name, parameters]: Item): Value {
  if (typeof name !== 'string' || name !== name.toLowerCase()) return refused('What the signature covers is named by strings in lower case.');
  const queryName = name === '@query-param' ? parameters.get('name') : undefined;
  if (parameters.size > (queryName === undefined ? 0 : 1)) return refused(`The signature covers ${serializeItem([name, parameters])}, and its parameters are not known here.`);
  if (typeof queryName === 'string') return queryParameter(message, queryName);
  return name.startsWith('@') ? derived(message, name) : field(message, name);
}

/** §2.1: all values of the field, each without white space around it. */
function field({ headers }: CoveredMessage, name: string): Value {
  const values = headerValues(headers, name);
  return values.length === 0 ? refused(`The signature covers ${name}, which the message does not have.`) : found(values.map((value) => value.trim()).join(', '));
}

function derived({ method, url, status }: CoveredMessage, name: string): Value {
  if (name === '@status' && status !== undefined) return found(String(status));
  if (method !== undefined && url !== undefined) {
    switch (name) {
      case '@method':
        return found(method);
      case '@target-uri':
        return found(url.href);
      case '@authority':
        // `URL` writes hosts in lower case, and leaves out the port that goes without saying.
        return found(url.host);
      case '@scheme':
        return found(url.protocol.slice(0, -1));
      case '@request-target':
        // With a question mark that nothing follows, as on the request line.
        return found(url.href.slice(url.origin.length));
      case '@path':
        return found(url.pathname);
      case '@query':
        return found(url.search === '' ? '?' : url.search);
      default:
    }
  }
  return refused(`The signature covers ${name}, which the message does not have.`);
}

/** §2.2.8: read as a form, and written with everything percent-encoded that has to be. */
function queryParameter({ url }: CoveredMessage, name: string): Value {
  const encoded = (text: string): string => encodeURIComponent(text).replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const values = [...(url?.searchParams ?? [])].filter(([key]) => encoded(key) === name).map(([, value]) => value);
  const [value, ...more] = values;
  if (value === undefined) return refused(`The signature covers the parameter ${name}, which the query does not have.`);
  return more.length > 0 ? refused(`The signature covers the parameter ${name}, which the query has more than once.`) : found(encoded(value));
}
