import type { Account } from '@heliograph/accounts';
import { Problem } from '@heliograph/platform';
import { SocialGraph } from '@heliograph/social-graph';
import { Inject, Injectable } from '@nestjs/common';
import type { ActorView } from './actor-directory.ts';

/** What people who block each other do not get to see or do. */
@Injectable()
export class Blocks {
  constructor(@Inject(SocialGraph) private readonly socialGraph: SocialGraph) {}

  /** @param account who wants to see what `actor` shows; null: anybody. @throws Problem 403 when one of them blocks the other. */
  async assertVisible(account: Account | null, { id, handle }: ActorView): Promise<void> {
    if (!account || account.actor === id) return;
    const { blocks, isBlocked } = await this.socialGraph.blockBetween(account.actor, id);
    if (blocks) throw new Problem(403, `You have blocked ${handle}: unblock to see their statuses.`, { slug: 'blocked' });
    if (isBlocked) throw new Problem(403, `${handle} does not show you their statuses.`, { slug: 'blocked' });
  }

  /** @throws Problem 403 when one of them blocks the other. */
  async assertMayFollow(account: Account, { id, handle }: ActorView): Promise<void> {
    const { blocks, isBlocked } = await this.socialGraph.blockBetween(account.actor, id);
    if (blocks) throw new Problem(403, `You have blocked ${handle}: unblock before you follow.`, { slug: 'blocked', field: 'actor' });
    if (isBlocked) throw new Problem(403, `${handle} does not let you follow.`, { slug: 'blocked', field: 'actor' });
  }
}
