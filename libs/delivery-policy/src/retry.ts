const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Longest pause between two attempts, in milliseconds. */
export const MAX_PAUSE_MS = 6 * HOUR;
/** How long after its first attempt a delivery is given up, in milliseconds. */
export const WINDOW_MS = 7 * 24 * HOUR;

export interface Attempts {
  /** How many have been made, the one that just failed included; at least 1. */
  readonly made: number;
  readonly firstAt: Date;
}

/**
 * When to try again: after `retrySeconds`, then doubling, each ±20%, never more than 6 h. An earliest time that the peer asked for
 * (Retry-After) can only postpone that, so that nobody makes us hammer. The last attempt is made at the end of the 7 days.
 *
 * @param random in [0,1): spreads the attempts of many deliveries that failed together
 * @returns null: give up
 */
export function nextAttempt(
  attempts: Attempts,
  options: { readonly now: Date; readonly retrySeconds: number; readonly random: number; readonly notBefore: Date | null },
): Date | null {
  const { now, retrySeconds, random, notBefore } = options;
  const end = attempts.firstAt.getTime() + WINDOW_MS;
  if (now.getTime() >= end) return null;
  const pause = Math.min(retrySeconds * 1000 * 2 ** (attempts.made - 1), MAX_PAUSE_MS);
  const shortest = pause * 0.8;
  const longest = Math.min(pause * 1.2, MAX_PAUSE_MS);
  const next = now.getTime() + shortest + random * (longest - shortest);
  return new Date(Math.min(Math.max(next, notBefore?.getTime() ?? 0), end));
}

/** The time a `Retry-After` header names: seconds or an HTTP date (RFC 9110 §10.2.3). Null when there is none or it makes no sense. */
export function retryAfter(header: string | null, now: Date): Date | null {
  const value = header?.trim() ?? '';
  if (/^\d{1,10}$/.test(value)) return new Date(now.getTime() + Number(value) * 1000);
  // Date.parse alone would take anything that resembles a date, "1.5" included.
  const date = /^[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/.test(value) ? Date.parse(value.endsWith('GMT') ? value : `${value} GMT`) : NaN;
  return Number.isNaN(date) ? null : new Date(date);
}
