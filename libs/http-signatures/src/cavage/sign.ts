import { sign } from 'node:crypto';
import { digestOf } from '../digest.ts';
import { importPrivateKey } from '../keys.ts';
import { signingString } from './signing-string.ts';

export interface RequestToSign {
  readonly method: 'GET' | 'POST';
  /** Absolute; a fragment is not sent and not signed. */
  readonly url: string;
  /** The bytes that will be sent; only with POST. Absent: an empty body. */
  readonly body?: Buffer;
  /** The URL under which peers find the public key. */
  readonly keyId: string;
  /** RSA, PKCS#8 or PKCS#1. */
  readonly privateKeyPem: string;
  /** Now: goes out as `Date`, to the second. */
  readonly date: Date;
}

/**
 * The headers that sign a request (draft-cavage-http-signatures-12): `Host`, `Date`, `Signature` and, for POST, `Digest`. Send them as
 * they are, beside whatever else the request needs.
 *
 * `algorithm` is named, and it is `rsa-sha256`: Smithereen requires the parameter, and every peer knows this value.
 * @throws {TypeError} when `url` or the key cannot be used.
 */
export function signRequest(r: RequestToSign): Record<string, string> {
  const url = new URL(r.url);
  if (/["\\\s]/.test(r.keyId)) throw new TypeError('a keyId has no quotes and no white space');
  const headers: Record<string, string> = { Host: url.host, Date: r.date.toUTCString() };
  if (r.method === 'POST') headers['Digest'] = digestOf(r.body ?? Buffer.alloc(0));

  const lowerCase = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const signedHeaders = ['(request-target)', ...Object.keys(lowerCase)];
  const message = signingString({ method: r.method, target: url.pathname + url.search, headers: lowerCase }, signedHeaders);
  if (message.kind === 'missing') throw new Error(`nothing to sign for ${message.name}`);
  const signature = sign('sha256', Buffer.from(message.value), importPrivateKey(r.privateKeyPem)).toString('base64');
  headers['Signature'] = `keyId="${r.keyId}",algorithm="rsa-sha256",headers="${signedHeaders.join(' ')}",signature="${signature}"`;
  return headers;
}
