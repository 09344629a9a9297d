import { verify } from 'node:crypto';
import { checkHost, DEFAULT_MAX_SKEW_SECONDS, firstInvalid, invalid, mayHaveBody, valid, type VerifyResult } from '../checks.ts';
import { checkDigest } from '../digest.ts';
import { headerValues, type HeaderBag } from '../headers.ts';
import { importPublicKey } from '../keys.ts';
import type { ParsedSignature } from './signature.ts';
import { signingString } from './signing-string.ts';

export interface RequestToCheck {
  readonly method: string;
  /** With the query, as on the request line. */
  readonly path: string;
  readonly headers: HeaderBag;
  /** The bytes as received, before any parsing; null: no body. */
  readonly body: Uint8Array | null;
  readonly signature: ParsedSignature;
  readonly now: Date;
  /** The values of `Host` that mean this server, such as `social.example` or `localhost:8080`; a signature for another host is not for us. */
  readonly hosts: readonly string[];
  /** How far `Date` and `created` may be from `now`, both ways; {@link DEFAULT_MAX_SKEW_SECONDS} by default. */
  readonly maxSkewSeconds?: number;
}

export interface RequestToVerify extends RequestToCheck {
  readonly publicKeyPem: string;
}

type Check = (r: RequestToCheck) => VerifyResult;

const checkAlgorithm: Check = ({ signature: { algorithm, signedHeaders } }) => {
  if (algorithm !== null && algorithm !== 'rsa-sha256' && algorithm !== 'hs2019') {
    return invalid('algorithm', 'The signature algorithm is not accepted; use rsa-sha256 or hs2019.');
  }
  // §2.3 demands this: the algorithms whose names begin with rsa are older than the two.
  const pseudo = signedHeaders.find((name) => name === '(created)' || name === '(expires)');
  if (algorithm === 'rsa-sha256' && pseudo) return invalid('algorithm', `${pseudo} cannot be signed with the algorithm rsa-sha256; use hs2019.`);
  return valid;
};

const checkCoverage: Check = ({ method, body, signature: { signedHeaders } }) => {
  const required = ['(request-target)', 'host', ...(mayHaveBody(method) || body?.length ? ['digest'] : [])];
  const missing = required.find((name) => !signedHeaders.includes(name));
  if (missing) return invalid('coverage', `The signature does not cover ${missing}.`);
  if (!signedHeaders.includes('date') && !signedHeaders.includes('(created)')) {
    return invalid('coverage', 'The signature covers neither date nor (created).');
  }
  return valid;
};

/** RFC 9110 §5.6.7 IMF-fixdate; also with a day of one digit, as Java's RFC_1123_DATE_TIME writes it. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

const checkTime: Check = ({ headers, signature: { signedHeaders, created, expires }, now, maxSkewSeconds = DEFAULT_MAX_SKEW_SECONDS }) => {
  const nowSeconds = now.getTime() / 1_000;
  if (signedHeaders.includes('date')) {
    const [date, ...more] = headerValues(headers, 'date');
    if (date === undefined) return invalid('time', 'The Date header is missing.');
    if (more.length > 0) return invalid('time', 'The Date header was sent more than once.');
    const seconds = HTTP_DATE.test(date.trim()) ? Date.parse(date) / 1_000 : NaN;
    if (Number.isNaN(seconds)) return invalid('time', 'The Date header is not an HTTP date.');
    if (Math.abs(seconds - nowSeconds) > maxSkewSeconds) {
      return invalid('time', `The Date header is more than ${maxSkewSeconds} seconds from the time here, ${now.toUTCString()}.`);
    }
  }
  // Both count when they are given, covered or not: that can only refuse more.
  if (created !== undefined && Math.abs(created - nowSeconds) > maxSkewSeconds) {
    return invalid('time', `created of the signature is more than ${maxSkewSeconds} seconds from the time here, ${now.toUTCString()}.`);
  }
  // No allowance here: the sender chose this limit itself.
  if (expires !== undefined && expires < nowSeconds) return invalid('time', 'The signature has expired.');
  return valid;
};

const checkBody: Check = ({ headers, body, signature: { signedHeaders } }) => {
  if (!signedHeaders.includes('digest')) return valid;
  const digest = checkDigest(headerValues(headers, 'digest'), body ?? Buffer.alloc(0));
  return digest.kind === 'match' ? valid : invalid('digest', digest.reason);
};

const CHECKS: readonly Check[] = [checkAlgorithm, checkCoverage, checkHost, checkTime, checkBody];

/**
 * Everything that can be said before the key is known. `valid` here means only that fetching the key is worth it:
 * {@link verifyRequest} has the last word.
 */
export function checkRequest(r: RequestToCheck): VerifyResult {
  return firstInvalid(CHECKS, r);
}

/**
 * Verifies a request against a public key (draft-cavage-http-signatures-12 §2.5, with what ActivityPub peers do beyond it): the
 * signature covers `(request-target)`, `host`, `date` or `(created)`, and `digest` unless it is a GET or HEAD; the request is for this
 * host and of this hour; the body is the one that was signed.
 *
 * RSA keys verify RSASSA-PKCS1-v1_5 with SHA-256 also under `hs2019`, where the draft would want PSS with SHA-512: that is what every
 * peer sends. An Ed25519 key verifies under `hs2019` or no name. Whose key it is remains for the caller to ask.
 */
export function verifyRequest(r: RequestToVerify): VerifyResult {
  const checked = checkRequest(r);
  return checked.kind === 'invalid' ? checked : verifySignature(r);
}

/** The part of {@link verifyRequest} that needs the key: proves nothing about a request that {@link checkRequest} has not found `valid` before. */
export function verifySignature(r: RequestToVerify): VerifyResult {
  const { signature } = r;
  const imported = importPublicKey(r.publicKeyPem);
  if (imported.kind === 'refused') return invalid('key', imported.reason);
  if (imported.kind === 'ed25519' && signature.algorithm === 'rsa-sha256') return invalid('key', 'The algorithm is rsa-sha256 but the key is Ed25519.');

  for (const target of requestTargets(r.path)) {
    const message = signingString({ ...signature, method: r.method, target, headers: r.headers }, signature.signedHeaders);
    if (message.kind === 'missing') return invalid('coverage', `The signature covers ${message.name}, which the request does not have.`);
    if (verify(imported.kind === 'rsa' ? 'sha256' : null, Buffer.from(message.value), imported.key, signature.signature)) return valid;
  }
  return invalid('signature', 'The signature is not one of this request by this key.');
}

/** Older Mastodon, Fedify and others sign the path without its query. */
function requestTargets(path: string): readonly string[] {
  const query = path.indexOf('?');
  return query < 0 ? [path] : [path, path.slice(0, query)];
}
