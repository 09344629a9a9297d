import { CreateSocialGraph1763900500000 } from './migrations/1763900500000-create-social-graph.ts';
import { AddApprovalBlocksAndRefreshes1763900500010 } from './migrations/1763900500010-add-approval-blocks-and-refreshes.ts';
import { AddTraceparentToDeliveryJob1763900500020 } from './migrations/1763900500020-add-traceparent-to-delivery-job.ts';

export const socialGraphMigrations = [CreateSocialGraph1763900500000, AddApprovalBlocksAndRefreshes1763900500010, AddTraceparentToDeliveryJob1763900500020];
