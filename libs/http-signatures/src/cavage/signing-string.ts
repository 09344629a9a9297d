import { headerValues, type HeaderBag } from '../headers.ts';

export interface SignedMessage {
  /** Any case. */
  readonly method: string;
  /** What goes into `(request-target)`: path and query, as on the request line. */
  readonly target: string;
  readonly headers: HeaderBag;
  /** Seconds since the epoch, for `(created)` and `(expires)`. */
  readonly created?: number;
  readonly expires?: number;
}

/** The value one name of the `headers` parameter stands for; null when the message has none. */
function coveredValue(message: SignedMessage, name: string): string | null {
  switch (name) {
    case '(request-target)':
      return `${message.method.toLowerCase()} ${message.target}`;
    case '(created)':
      return message.created?.toString() ?? null;
    case '(expires)':
      return message.expires?.toString() ?? null;
    default: {
      const values = headerValues(message.headers, name);
      return values.length === 0 ? null : values.map((value) => value.trim()).join(', ');
    }
  }
}

export type SigningString = { readonly kind: 'string'; readonly value: string } | { readonly kind: 'missing'; readonly name: string };

/** What is signed (draft-cavage-http-signatures-12 §2.3); `missing` names a covered header that the message does not have. */
export function signingString(message: SignedMessage, signedHeaders: readonly string[]): SigningString {
  const lines: string[] = [];
  for (const name of signedHeaders) {
    const value = coveredValue(message, name);
    if (value === null) return { kind: 'missing', name };
    lines.push(`${name}: ${value}`);
  }
  return { kind: 'string', value: lines.join('\n') };
}
