import { counter, createLogger, gauge } from '@heliograph/platform';
import type { LeasedRefresh } from '@heliograph/social-graph';
import type { HistoryReading } from './history-reader.ts';

const log = createLogger('delivery');
const refreshes = counter('heliograph_refresh_total', 'Looks at remote actors, by what came of them', ['outcome']);
const taken = counter('heliograph_refresh_events_total', 'Status events that looks at remote actors have led to', ['kind']);
const histories = counter('heliograph_backfill_total', 'Histories of remote actors that were read, by why the reading ended', ['end']);
const leftOut = counter('heliograph_backfill_left_out_total', 'Items of histories that were not taken in', ['reason']);
const oldest = gauge('heliograph_refresh_oldest_due_seconds', 'How long the look at a remote actor that waits longest has been due');

export type RefreshEnding = 'taken-in' | 'unchanged' | 'gone' | 'erased' | 'refused' | 'unavailable' | 'failed';

export function refreshEnded({ actor, attempts }: LeasedRefresh, outcome: RefreshEnding, reason: string | null): void {
  refreshes.inc({ outcome });
  log.debug({ actor, attempts: attempts + 1, outcome, reason }, 'looked at a remote actor');
}

/** It could not even be settled; its lease ends by itself. */
export function refreshFailed({ actor }: LeasedRefresh, error: unknown): void {
  refreshes.inc({ outcome: 'failed' });
  log.warn({ actor, err: error }, 'a look at a remote actor failed here');
}

export const eventsTaken = (kinds: readonly string[]): void => kinds.forEach((kind) => taken.inc({ kind }));

export function historyRead(actor: string, { end, statuses, foreign, unreadable }: HistoryReading): void {
  histories.inc({ end });
  leftOut.inc({ reason: 'foreign' }, foreign);
  leftOut.inc({ reason: 'unreadable' }, unreadable);
  log.debug({ actor, end, statuses: statuses.length, foreign, unreadable }, 'read a history');
}

export const refreshesSeen = (oldestDueSeconds: number): void => oldest.set(oldestDueSeconds);
