export { digestOf } from './digest.ts';
export type { HeaderBag } from './headers.ts';
export { readSignature, type ParsedSignature, type ReadSignatureResult } from './cavage/signature.ts';
export { signRequest, type RequestToSign } from './cavage/sign.ts';
export {
  checkRequest,
  DEFAULT_MAX_SKEW_SECONDS,
  verifyRequest,
  verifySignature,
  type RequestToCheck,
  type RequestToVerify,
  type SignatureProblem,
  type VerifyResult,
} from './cavage/verify.ts';
export { ACCEPT_SIGNATURE, signMessage } from './rfc9421/sign.ts';
export {
  checkSignedRequest,
  readRequestSignature,
  verifySignedRequest,
  type ReadRequestSignatureResult,
  type RequestSignature,
  type SignedRequest,
} from './request-signature.ts';
