export { socialGraphEntities, type FollowState } from './entities.ts';
export { socialGraphMigrations } from './migrations.ts';
export { SocialGraph, type FollowerItem, type FollowingItem, type GraphPosition } from './social-graph.ts';
export { ActorRefreshes, type LeasedRefresh, type RefreshResult } from './actor-refreshes.ts';
export type { Blocked, BlockItem, FollowRequestItem } from './relation-reader.ts';
export type { ApplyResult } from './apply-graph.ts';
export { DeliveryJobs, type FanOutEvent, type JobStats } from './delivery-jobs.ts';
export type { JobTask, LeasedJob } from './delivery-job.ts';
export type { Page, PageRequest } from './page.ts';
