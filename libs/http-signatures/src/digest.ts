import { hash } from 'node:crypto';

const sha256 = (body: Uint8Array): string => hash('sha256', body, 'base64');

/** The `Digest` header of a body (RFC 3230 §4.3.2, with the SHA-256 of RFC 5843 §2.2). */
export const digestOf = (body: Uint8Array): string => `SHA-256=${sha256(body)}`;

export type DigestResult = { readonly kind: 'match' } | { readonly kind: 'refused'; readonly reason: string };

const refused = (reason: string): DigestResult => ({ kind: 'refused', reason });

/**
 * Compares the values of the `Digest` header with the body as received. Only SHA-256 counts: other algorithms beside it are
 * ignored, and alone (MD5, SHA-1) they prove nothing. `reason` is a sentence for the sender.
 */
export function checkDigest(values: readonly string[], body: Uint8Array): DigestResult {
  const [value, ...more] = values;
  if (value === undefined) return refused('The Digest header is missing.');
  if (more.length > 0) return refused('The Digest header was sent more than once.');
  const found = value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => /^sha-256=/i.test(part))
    .map((part) => part.slice('sha-256='.length));
  const [digest, ...others] = found;
  if (digest === undefined) return refused('The Digest header has no SHA-256 value.');
  if (others.length > 0) return refused('The Digest header has more than one SHA-256 value.');
  return digest === sha256(body) ? { kind: 'match' } : refused('The SHA-256 value of the Digest header is not that of the body.');
}
