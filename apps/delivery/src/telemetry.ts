import { counter, createLogger, gauge, histogram } from '@heliograph/platform';
import type { JobStats, LeasedJob } from '@heliograph/social-graph';

const log = createLogger('delivery');
const ended = counter('heliograph_delivery_total', 'Attempts to deliver, by what came of them', ['kind', 'verdict']);
const took = histogram('heliograph_delivery_attempt_seconds', 'Time that an attempt to deliver took, by what came of it', ['verdict']);
const queue = gauge('heliograph_delivery_queue', 'Delivery jobs', ['state']);
const oldest = gauge('heliograph_delivery_oldest_due_seconds', 'How long the oldest pending delivery has been due');
const unusable = counter('heliograph_delivery_unusable_graph_messages_total', 'Graph messages without effect, because of what they say');

export type Ending = 'delivered' | 'cancelled' | 'retry' | 'refused' | 'gone' | 'given-up';

/** An attempt came to its end. Peers that refuse are their operators' matter: nothing to wake anybody for. */
export function attemptEnded(job: LeasedJob, verdict: Ending, reason: string | null): Ending {
  ended.inc({ kind: job.task.kind, verdict });
  const level = verdict === 'given-up' || verdict === 'gone' || verdict === 'refused' ? 'info' : 'debug';
  log[level]({ job: job.id, kind: job.task.kind, actor: job.actor, event: job.eventId, inbox: job.inbox, attempts: job.attempts + 1, verdict, reason }, 'delivery attempt');
  return verdict;
}

export function attemptTook(ms: number, verdict: Ending): void {
  took.observe({ verdict }, ms / 1_000);
}

/** A job could not even be tried, or its end could not be written down; it is tried again when its lease ends. */
export function attemptFailed(job: LeasedJob, error: unknown): void {
  log.warn({ job: job.id, kind: job.task.kind, err: error }, 'delivery attempt failed here');
}

export function queueSeen({ pending, dead, oldestDueSeconds }: JobStats): void {
  queue.set({ state: 'pending' }, pending);
  queue.set({ state: 'dead' }, dead);
  oldest.set(oldestDueSeconds);
}

export function graphApplied(unusableMessages: number): void {
  if (unusableMessages === 0) return;
  unusable.inc(unusableMessages);
  log.warn({ messages: unusableMessages }, 'graph messages without effect: an id or an inbox that cannot be used');
}
