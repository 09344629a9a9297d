import type { Account } from '@heliograph/accounts';
import { SocialGraph } from '@heliograph/social-graph';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Idempotency } from './idempotency.ts';
import { Submit, type Submitted } from './submit.ts';

/** The Follow that is answered; null `followId`: there is none (any more). */
interface Asked {
  readonly follower: string;
  readonly followId: string | null;
}

export interface AnsweredFollow extends Asked {
  readonly submitted: Submitted;
}

/** Letting followers in, keeping them out, and throwing them out; the same for ActivityPub clients and the REST API. */
@Injectable()
export class FollowerCommands {
  constructor(
    @Inject(SocialGraph) private readonly socialGraph: SocialGraph,
    @Inject(Idempotency) private readonly idempotency: Idempotency,
    @Inject(Submit) private readonly submit: Submit,
  ) {}

  /**
   * Answers the Follow by which `find` follows, or asked to. To accept who was let in before changes nothing.
   * @param find whom to answer; null: not to be found.
   */
  answer(account: Account, find: () => Promise<string | null>, accepted: boolean, request: FastifyRequest): Promise<AnsweredFollow> {
    const fix = async (): Promise<Asked> => {
      const follower = await find();
      return { follower: follower ?? '', followId: follower && ((await this.socialGraph.followOf(account.actor, follower))?.followId ?? null) };
    };
    return this.idempotency.once(account, request, fix, async ({ follower, followId }) => {
      if (followId === null) return { follower, followId, submitted: 'visible' };
      const submitted = await this.submit.graph(
        { type: 'FollowerAnswered', data: { actor: account.actor, at: new Date().toISOString(), follower, followId, accepted } },
        async () => {
          const follow = await this.socialGraph.followOf(account.actor, follower);
          return accepted ? follow?.state === 'accepted' : follow?.followId !== followId;
        },
      );
      return { follower, followId, submitted };
    });
  }
}
