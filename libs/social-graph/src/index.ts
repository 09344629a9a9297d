export { socialGraphEntities, type FollowState } from './entities.ts';
export { socialGraphMigrations } from './migrations/1763900500000-create-social-graph.ts';
export { SocialGraph, type FollowerItem, type FollowingItem, type GraphPosition } from './social-graph.ts';
export type { ApplyResult } from './apply-graph.ts';
export { DeliveryJobs, type FanOutEvent, type JobStats } from './delivery-jobs.ts';
export type { JobTask, LeasedJob } from './delivery-job.ts';
export type { Page, PageRequest } from './page.ts';
