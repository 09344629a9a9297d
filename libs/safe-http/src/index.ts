export { SafeHttp, type SafeHttpOptions, type SafeRequest, type SafeResponse } from './safe-http.ts';
export { SafeHttpError, type SafeHttpErrorKind } from './errors.ts';
