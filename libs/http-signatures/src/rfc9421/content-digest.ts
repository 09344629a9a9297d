import { createHash } from 'node:crypto';
import { parseDictionary, serializeDictionary } from 'structured-headers';
import type { DigestResult } from '../digest.ts';

const sha256 = (body: Uint8Array): Buffer => createHash('sha256').update(body).digest();

/** The `Content-Digest` header of a body (RFC 9530 §2). */
export const contentDigestOf = (body: Uint8Array): string => serializeDictionary({ 'sha-256': sha256(body) });

/** Compares `Content-Digest` with the body as received; only sha-256 counts, as in `checkDigest`. `reason` is a sentence for the sender. */
export function checkContentDigest(values: readonly string[], body: Uint8Array): DigestResult {
  const refused = (reason: string): DigestResult => ({ kind: 'refused', reason });
  if (values.length === 0) return refused('The Content-Digest header is missing.');
  let sent: unknown;
  try {
    [sent] = parseDictionary(values.join(', ')).get('sha-256') ?? [];
  } catch {
    return refused('The Content-Digest header is not a dictionary of RFC 9651.');
  }
  if (!(sent instanceof ArrayBuffer)) return refused('The Content-Digest header has no sha-256 value.');
  return sha256(body).equals(Buffer.from(sent)) ? { kind: 'match' } : refused('The sha-256 value of the Content-Digest header is not that of the body.');
}
