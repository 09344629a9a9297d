import { isHttpUrl, type ParsedSignature, readSignature } from './cavage/signature.ts';
import { checkRequest, type RequestToCheck, verifySignature } from './cavage/verify.ts';
import type { VerifyResult } from './checks.ts';
import { headerValues, type HeaderBag } from './headers.ts';
import { type MessageSignature, readMessageSignature } from './rfc9421/signature-input.ts';
import { checkMessage, verifyMessageSignature } from './rfc9421/verify.ts';

/** A signature in either form that is in the field: draft-cavage-http-signatures-12, or RFC 9421. */
export type RequestSignature = ParsedSignature | MessageSignature;

export type ReadRequestSignatureResult =
  | { readonly kind: 'missing' }
  /** `reason` is a sentence for the sender. */
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'signature'; readonly value: RequestSignature };

export type SignedRequest = Omit<RequestToCheck, 'signature'> & {
  readonly signature: RequestSignature;
  /** Under which others know this server: part of `@target-uri`. */
  readonly scheme: 'http' | 'https';
};

/** `Signature-Input` tells the forms apart: only RFC 9421 has it. */
export const readRequestSignature = (headers: HeaderBag): ReadRequestSignatureResult =>
  headerValues(headers, 'signature-input').length > 0 ? readMessageSignature(headers, isHttpUrl) : readSignature(headers);

/** Everything that can be said before the key is known. */
export const checkSignedRequest = (request: SignedRequest): VerifyResult => {
  const { signature } = request;
  return 'covered' in signature ? checkMessage({ ...request, signature }) : checkRequest({ ...request, signature });
};

/** The part that needs the key: proves nothing about a request that {@link checkSignedRequest} has not found `valid` before. */
export const verifySignedRequest = (request: SignedRequest & { readonly publicKeyPem: string }): VerifyResult => {
  const { signature } = request;
  return 'covered' in signature ? verifyMessageSignature({ ...request, signature }) : verifySignature({ ...request, signature });
};
