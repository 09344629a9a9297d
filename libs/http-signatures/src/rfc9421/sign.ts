import { sign } from 'node:crypto';
import { type InnerList, serializeDictionary } from 'structured-headers';
import type { RequestToSign } from '../cavage/sign.ts';
import { importPrivateKey } from '../keys.ts';
import { contentDigestOf } from './content-digest.ts';
import { signatureBase } from './signature-base.ts';

const LABEL = 'sig1';

/**
 * The headers that sign a request by RFC 9421 with `rsa-v1_5-sha256`: `Signature-Input`, `Signature` and, for POST, `Content-Digest`. Send them as
 * they are. Covered are `@method`, `@target-uri` and the digest, and `created` says when: what Mastodon and Fedify ask for.
 * @throws {TypeError} when `url` or the key cannot be used.
 */
export function signMessage(r: RequestToSign): Record<string, string> {
  const headers: Record<string, string> = r.method === 'POST' ? { 'Content-Digest': contentDigestOf(r.body ?? Buffer.alloc(0)) } : {};
  const url = new URL(r.url);
  url.hash = '';
  const components = ['@method', '@target-uri', ...Object.keys(headers).map((name) => name.toLowerCase())];
  const parameters = new Map<string, string | number>([
    ['created', Math.floor(r.date.getTime() / 1_000)],
    ['keyid', r.keyId],
    ['alg', 'rsa-v1_5-sha256'],
  ]);
  const covered: InnerList = [components.map((name) => [name, new Map()]), parameters];
  const lowerCase = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const base = signatureBase({ method: r.method, url, headers: lowerCase }, covered);
  if (base.kind === 'refused') throw new Error(base.reason);
  const signature = sign('sha256', Buffer.from(base.value), importPrivateKey(r.privateKeyPem));
  return { ...headers, 'Signature-Input': serializeDictionary({ [LABEL]: covered }), Signature: serializeDictionary({ [LABEL]: signature }) };
}

/** `Accept-Signature` (RFC 9421 §5.1): what a request to an inbox here should be signed with. */
export const ACCEPT_SIGNATURE = `${LABEL}=("@method" "@target-uri" "content-digest");created;keyid;alg="rsa-v1_5-sha256"`;
