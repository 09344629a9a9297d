import { headerValues, type HeaderBag } from './headers.ts';

/** Seconds. Wide, because peers' clocks are off and some send late what they signed early: Fedify allows the same, Mastodon more. (Smithereen allows us 5 minutes.) */
export const DEFAULT_MAX_SKEW_SECONDS = 3_600;

/** What is wrong, in one word; another key can only help with `key` and `signature`. */
export type SignatureProblem = 'algorithm' | 'coverage' | 'host' | 'time' | 'digest' | 'key' | 'signature';

export type VerifyResult =
  | { readonly kind: 'valid' }
  /** `reason` is a sentence for the sender. */
  | { readonly kind: 'invalid'; readonly problem: SignatureProblem; readonly reason: string };

export const valid: VerifyResult = { kind: 'valid' };
export const invalid = (problem: SignatureProblem, reason: string): VerifyResult => ({ kind: 'invalid', problem, reason });

/** Bodies come with everything but GET and HEAD; then they have to be signed, empty or not. */
export const mayHaveBody = (method: string): boolean => !/^(get|head)$/i.test(method);

/** A signature for another host is not for us. `hosts`: the values of `Host` that mean this server. */
export function checkHost({ headers, hosts }: { readonly headers: HeaderBag; readonly hosts: readonly string[] }): VerifyResult {
  const [host, ...more] = headerValues(headers, 'host');
  if (host === undefined) return invalid('host', 'The Host header is missing.');
  if (more.length > 0) return invalid('host', 'The Host header was sent more than once.');
  const ours = hosts.some((known) => known.toLowerCase() === host.trim().toLowerCase());
  return ours ? valid : invalid('host', 'The request was signed for another host.');
}

/** The first of these checks that fails, or `valid`. */
export function firstInvalid<R>(checks: readonly ((r: R) => VerifyResult)[], r: R): VerifyResult {
  for (const check of checks) {
    const result = check(r);
    if (result.kind === 'invalid') return result;
  }
  return valid;
}
