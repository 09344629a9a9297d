import type { Accounts } from '@heliograph/accounts';
import type { SafeHttp } from '@heliograph/safe-http';
import type { DeliveryJobs, SocialGraph } from '@heliograph/social-graph';
import type { StatusReader } from '@heliograph/status-store';

/** What sending asks of other libraries, and no more: the seams at which specs put something else. */
export type Statuses = Pick<StatusReader, 'eventContent' | 'current'>;
export type Relations = Pick<SocialGraph, 'isAudience' | 'isFollower' | 'followingState' | 'blockOf' | 'dropMailbox'>;
export type Keys = Pick<Accounts, 'signingKey'>;
export type Outgoing = Pick<SafeHttp, 'request'>;
export type JobEndings = Pick<DeliveryJobs, 'complete' | 'retry' | 'bury'>;

export interface DeliveryOptions {
  /** This server's origin, without a trailing slash. */
  readonly publicUrl: string;
  /** Pause before the second attempt, in seconds; later ones double. */
  readonly retrySeconds: number;
  /** Deliveries under way at a time. */
  readonly workers: number;
  /** Between two looks at a remote actor that somebody here follows, in seconds. */
  readonly refreshSeconds: number;
}
