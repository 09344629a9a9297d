/** Milliseconds to wait before the attempt after `failures` failures (from 0): 100 ms doubling to 10 s, half of it random so that peers spread. */
export function backoff(failures: number): number {
  const full = Math.min(10_000, 100 * 2 ** Math.min(failures, 10));
  return full / 2 + Math.random() * (full / 2);
}
