import { createHash } from 'node:crypto';

/** What a job sends. Ids only: whatever else it takes is looked up when it is sent. */
export type JobTask =
  /** The status event that is the job's `eventId`: Create, Remove or Delete. */
  | { readonly kind: 'status' }
  /** What a new follower has missed: the status that is current when the job is sent. */
  | { readonly kind: 'current-status'; readonly follower: string }
  | { readonly kind: 'accept'; readonly follower: string; readonly followId: string }
  | { readonly kind: 'reject'; readonly follower: string; readonly followId: string }
  | { readonly kind: 'follow'; readonly target: string; readonly followId: string }
  | { readonly kind: 'undo-follow'; readonly target: string; readonly followId: string }
  | { readonly kind: 'block'; readonly target: string; readonly blockId: string }
  | { readonly kind: 'undo-block'; readonly target: string; readonly blockId: string }
  | { readonly kind: 'account-deleted' };

/** A job in the hands of one worker until its lease ends. */
export interface LeasedJob {
  readonly id: string;
  /** The local sender. */
  readonly actor: string;
  readonly eventId: string;
  readonly task: JobTask;
  readonly inbox: string;
  readonly host: string;
  /** Attempts that failed before this one. */
  readonly attempts: number;
  readonly firstAttemptAt: Date | null;
  /** The trace that it belongs to (W3C Trace Context); null: none. */
  readonly traceparent: string | null;
}

/** Names a job that no status event stands for, so that the same one is not there twice. Hashed: follow ids are the peers' to choose. */
export function jobName(task: Exclude<JobTask, { kind: 'status' }>): string {
  if (task.kind === 'account-deleted') return task.kind;
  const parts = Object.entries(task).sort().map(([, value]) => value);
  return `${task.kind}:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}
