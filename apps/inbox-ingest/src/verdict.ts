import { counter, Problem } from '@heliograph/platform';

const verdicts = counter('heliograph_inbox_requests_total', 'Requests to the inbox by what became of them', ['verdict']);

/** What an inbox request ended in: few, fixed words, for the metric. */
export type Verdict =
  | 'recorded'
  | 'ignored'
  | 'unreadable'
  | 'signature'
  | 'forbidden'
  | 'invalid'
  | 'too-large'
  | 'key-unavailable'
  | 'actor-unavailable'
  | 'bus-unavailable'
  | 'failed';

export function count(verdict: Verdict): void {
  verdicts.inc({ verdict });
}

/** Counts the refusal and makes the answer for it. */
export function refuse(verdict: Verdict, status: number, detail: string, options: ConstructorParameters<typeof Problem>[2] = {}): Problem {
  count(verdict);
  return new Problem(status, detail, options);
}
