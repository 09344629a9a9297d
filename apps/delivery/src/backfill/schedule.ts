const MINUTE = 60_000;
/** Tries of what somebody looked at, when nobody follows the actor. */
const MOST_TRIES = 5;

/** When to look again after a success: the interval, ±20 %, so that actors do not stay in step. `random` in [0,1); all in milliseconds. */
export const afterSuccess = (intervalMs: number, random: number): number => intervalMs * (0.8 + 0.4 * random);

/**
 * When to try again after a failure: a minute, then doubling, ±20 %, never sooner than the other server asked for and never later than a
 * success would be.
 * @param attempts failures in a row, this one included.
 */
export function afterFailure(attempts: number, { intervalMs, retryAfterMs, random }: { readonly intervalMs: number; readonly retryAfterMs: number; readonly random: number }): number {
  const pause = MINUTE * 2 ** Math.min(attempts - 1, 20) * (0.8 + 0.4 * random);
  return Math.max(Math.min(pause, afterSuccess(intervalMs, random)), retryAfterMs);
}

/** Whether a failed look is made again although nobody follows the actor. `attempts` as above. */
export const insists = (attempts: number): boolean => attempts < MOST_TRIES;
