import { verify } from 'node:crypto';
import type { RequestToCheck } from '../cavage/verify.ts';
import { checkHost, DEFAULT_MAX_SKEW_SECONDS, firstInvalid, invalid, mayHaveBody, valid, type VerifyResult } from '../checks.ts';
import { headerValues } from '../headers.ts';
import { importPublicKey } from '../keys.ts';
import { checkContentDigest } from './content-digest.ts';
import { signatureBase } from './signature-base.ts';
import type { MessageSignature } from './signature-input.ts';

const ALGORITHMS = { 'rsa-v1_5-sha256': 'rsa', ed25519: 'ed25519' } as const;

/** `hosts` and `headers.host` say whom the request is for; `scheme` is the one under which others know this server. */
export type MessageToCheck = Omit<RequestToCheck, 'signature'> & { readonly signature: MessageSignature; readonly scheme: 'http' | 'https' };

const names = ({ covered }: MessageSignature): readonly unknown[] => covered[0].map(([name]) => name);

type Check = (r: MessageToCheck) => VerifyResult;

const checkAlgorithm: Check = ({ signature: { algorithm } }) =>
  algorithm === null || Object.hasOwn(ALGORITHMS, algorithm) ? valid : invalid('algorithm', `The signature algorithm is not accepted; use ${Object.keys(ALGORITHMS).join(' or ')}.`);

/** Method, whole target and body: everything that makes the request what it is. */
const checkCoverage: Check = ({ method, body, signature }) => {
  const has = new Set(names(signature));
  if (!has.has('@method')) return invalid('coverage', 'The signature does not cover @method.');
  const target = has.has('@target-uri') || ((has.has('@authority') || has.has('host')) && (has.has('@request-target') || has.has('@path')));
  if (!target) return invalid('coverage', 'The signature covers neither @target-uri nor @authority with @path.');
  if ((mayHaveBody(method) || body?.length) && !has.has('content-digest')) return invalid('coverage', 'The signature does not cover content-digest.');
  return signature.created === undefined ? invalid('coverage', 'The signature does not say when it was created.') : valid;
};

const checkTime: Check = ({ now, maxSkewSeconds = DEFAULT_MAX_SKEW_SECONDS, signature: { created = 0, expires } }) => {
  const nowSeconds = now.getTime() / 1_000;
  if (Math.abs(created - nowSeconds) > maxSkewSeconds) {
    return invalid('time', `created of the signature is more than ${maxSkewSeconds} seconds from the time here, ${now.toUTCString()}.`);
  }
  return expires !== undefined && expires < nowSeconds ? invalid('time', 'The signature has expired.') : valid;
};

const checkBody: Check = ({ headers, body, signature }) => {
  if (!names(signature).includes('content-digest')) return valid;
  const digest = checkContentDigest(headerValues(headers, 'content-digest'), body ?? Buffer.alloc(0));
  return digest.kind === 'match' ? valid : invalid('digest', digest.reason);
};

const CHECKS: readonly Check[] = [checkAlgorithm, checkCoverage, checkHost, checkTime, checkBody];

/** Everything that can be said before the key is known; `verifyMessage` has the last word. */
export function checkMessage(r: MessageToCheck): VerifyResult {
  return firstInvalid(CHECKS, r);
}

/**
 * Verifies a request signed by RFC 9421 against a public key: the signature covers the method, the whole target and, with a body, its digest; it
 * says when it was made; the request is for this host and of this hour. Of algorithms, `rsa-v1_5-sha256` and `ed25519`, as the key is.
 */
export function verifyMessage(r: MessageToCheck & { readonly publicKeyPem: string }): VerifyResult {
  const checked = checkMessage(r);
  return checked.kind === 'invalid' ? checked : verifyMessageSignature(r);
}

/** The part of {@link verifyMessage} that needs the key: proves nothing about a request that {@link checkMessage} has not found `valid` before. */
export function verifyMessageSignature(r: MessageToCheck & { readonly publicKeyPem: string }): VerifyResult {
  const imported = importPublicKey(r.publicKeyPem);
  if (imported.kind === 'refused') return invalid('key', imported.reason);
  const { algorithm, covered, signature } = r.signature;
  if (algorithm !== null && ALGORITHMS[algorithm as keyof typeof ALGORITHMS] !== imported.kind) return invalid('key', `The algorithm is ${algorithm} but the key is not of that kind.`);
  const [host] = headerValues(r.headers, 'host');
  const url = URL.parse(`${r.scheme}://${host!.trim()}${r.path}`);
  if (url === null) return invalid('host', 'The target of the request is not a URL.');
  const base = signatureBase({ method: r.method, url, headers: r.headers }, covered);
  if (base.kind === 'refused') return invalid('coverage', base.reason);
  const matches = verify(imported.kind === 'rsa' ? 'sha256' : null, Buffer.from(base.value), imported.key, signature);
  return matches ? valid : invalid('signature', 'The signature is not one of this request by this key.');
}
