import { retryAfter } from './retry.ts';

/** What came of one POST. */
export type PostOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | null }
  /** No answer: name not found, connection refused or broken, TLS failure, time over, or something that is not HTTP. */
  | { readonly kind: 'no-answer'; readonly reason: string }
  /** We would not connect: a private address, a forbidden scheme or port. */
  | { readonly kind: 'not-allowed'; readonly reason: string };

export type Verdict =
  | { readonly kind: 'delivered' }
  /** May work later; `notBefore` is what the peer asked for. */
  | { readonly kind: 'retry'; readonly reason: string; readonly notBefore: Date | null }
  /** Will not work later either. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The mailbox is no more (410): refused, and who receives through it alone is no follower any longer. */
  | { readonly kind: 'gone'; readonly reason: string };

/** After so many attempts a 401 is for good: some 20 minutes with the default curve. */
export const MAX_UNAUTHORIZED_ATTEMPTS = 8;

/**
 * What the outcome of an attempt means.
 *
 * - 2xx: delivered. Smithereen answers 200, most others 202.
 * - 408, 425, 429, 5xx, no answer: later. But 501 is an answer that does not change.
 * - 401: later, some times. Peers fetch our key while they verify, and say 401 when that fails for the moment; clocks get corrected.
 * - 3xx: refused. A POST does not follow redirects; a moved inbox shows in the actor document.
 * - other 4xx: refused. Fedify 2 says 400 to any Create{ActorStatus}.
 *
 * @param attempts how many have been made, this one included
 */
export function verdictOf(outcome: PostOutcome, attempts: number, now: Date): Verdict {
  switch (outcome.kind) {
    case 'no-answer':
      return { kind: 'retry', reason: outcome.reason, notBefore: null };
    case 'not-allowed':
      return { kind: 'refused', reason: outcome.reason };
    case 'answered':
      return verdictOfStatus(outcome.status, attempts, retryAfter(outcome.retryAfter, now));
    default:
      return outcome satisfies never;
  }
}

function verdictOfStatus(status: number, attempts: number, notBefore: Date | null): Verdict {
  const reason = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone', reason };
  const later =
    status === 401 ? attempts < MAX_UNAUTHORIZED_ATTEMPTS : [408, 425, 429].includes(status) || (status >= 500 && status !== 501);
  return later ? { kind: 'retry', reason, notBefore } : { kind: 'refused', reason };
}
