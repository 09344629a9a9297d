import { isNativeError } from 'node:util/types';

/** Name, code and message of an error for logs. A SyntaxError's message quotes what could not be parsed, which may be somebody's words. */
export function describeError(error: unknown): string {
  if (!isNativeError(error)) return typeof error === 'string' ? error : 'not an Error';
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  return error.name === 'SyntaxError' ? `${error.name}${code}` : `${error.name}${code}: ${error.message}`;
}
