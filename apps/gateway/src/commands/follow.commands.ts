import type { Account } from '@heliograph/accounts';
import { actorUrls } from '@heliograph/activitypub';
import type { GraphMessage } from '@heliograph/contracts';
import { type Config, Problem } from '@heliograph/platform';
import { SocialGraph } from '@heliograph/social-graph';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ActorDirectory, type ActorView, type ResolvedActor } from '../presenters/actor-directory.ts';
import { Blocks } from '../presenters/blocks.ts';
import { CONFIG } from '../tokens.ts';
import { Idempotency } from './idempotency.ts';
import { Submit, type Submitted } from './submit.ts';

/** Following and unfollowing; the same for ActivityPub clients and the REST API. */
@Injectable()
export class FollowCommands {
  constructor(
    @Inject(ActorDirectory) private readonly directory: ActorDirectory,
    @Inject(SocialGraph) private readonly socialGraph: SocialGraph,
    @Inject(Blocks) private readonly blocks: Blocks,
    @Inject(Idempotency) private readonly idempotency: Idempotency,
    @Inject(Submit) private readonly submit: Submit,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @param named as {@link ActorDirectory.resolve} takes it. @throws Problem 403 blocked, 404 unknown, 422 oneself, 502 no answer from there. */
  follow(account: Account, named: string, request: FastifyRequest): Promise<Followed> {
    return this.idempotency.once(account, request, () => this.idempotency.give(account), async ({ id }) => {
      const target = await this.directory.resolve(named, true);
      if (target.view.id === account.actor) throw new Problem(422, 'Nobody follows himself.', { field: 'actor' });
      const existing = await this.socialGraph.followingState(account.actor, target.view.id);
      if (existing && existing.state !== 'rejected') return { actor: target.view, followId: existing.followId, submitted: 'visible' };
      await this.blocks.assertMayFollow(account, target.view);
      const followId = actorUrls(this.config.publicUrl, account.name).follow(id);
      const submitted = await this.submit.graph(
        this.#asked(account, target, followId),
        async () => (await this.socialGraph.followingState(account.actor, target.view.id))?.followId === followId,
      );
      return { actor: target.view, followId, submitted };
    });
  }

  /** A locked account of this server decides in person; others let in, or their server decides. */
  #asked(account: Account, target: ResolvedActor, followId: string): GraphMessage {
    const at = new Date().toISOString();
    if (target.kind === 'local' && target.account.locked) {
      return { type: 'FollowApprovalRequested', data: { actor: target.account.actor, at, followId, follower: this.directory.mailboxHere(account) } };
    }
    return { type: 'FollowRequested', data: { actor: account.actor, at, followId, target: this.directory.mailboxOf(target) } };
  }

  /** @param find the actor that is followed; null: not to be found. */
  unfollow(account: Account, find: () => Promise<string | null>, request: FastifyRequest): Promise<Unfollowed> {
    const fix = async (): Promise<{ target: string; followId: string | null }> => {
      const target = await find();
      return { target: target ?? '', followId: target && ((await this.socialGraph.followingState(account.actor, target))?.followId ?? null) };
    };
    return this.idempotency.once(account, request, fix, async ({ target, followId }) => {
      if (followId === null) return { target, followId, submitted: 'visible' };
      const submitted = await this.submit.graph(
        { type: 'UnfollowRequested', data: { actor: account.actor, at: new Date().toISOString(), target } },
        async () => (await this.socialGraph.followingState(account.actor, target))?.followId !== followId,
      );
      return { target, followId, submitted };
    });
  }
}

export interface Followed {
  readonly actor: ActorView;
  readonly followId: string;
  readonly submitted: Submitted;
}

/** `followId` null: nothing was followed. */
export interface Unfollowed {
  readonly target: string;
  readonly followId: string | null;
  readonly submitted: Submitted;
}
