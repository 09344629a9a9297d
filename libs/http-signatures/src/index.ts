export { DEFAULT_MAX_SKEW_SECONDS, type SignatureProblem, type VerifyResult } from './checks.ts';
export { digestOf } from './digest.ts';
export type { HeaderBag } from './headers.ts';
export { readSignature, type ParsedSignature, type ReadSignatureResult } from './cavage/signature.ts';
export { signRequest, type RequestToSign } from './cavage/sign.ts';
export {
  checkRequest,
  verifyRequest,
  verifySignature,
  type RequestToCheck,
  type RequestToVerify,
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
