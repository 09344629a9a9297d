import type { Account } from '@heliograph/accounts';
import { actorUrls } from '@heliograph/activitypub';
import { type Config, Problem } from '@heliograph/platform';
import { SocialGraph } from '@heliograph/social-graph';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ActorDirectory, type ActorView } from '../presenters/actor-directory.ts';
import { CONFIG } from '../tokens.ts';
import { Idempotency } from './idempotency.ts';
import { Submit, type Submitted } from './submit.ts';

export interface Blocked {
  readonly actor: ActorView;
  readonly blockId: string;
  readonly submitted: Submitted;
}

/** `blockId` null: nobody was blocked. */
export interface Unblocked {
  readonly target: string;
  readonly blockId: string | null;
  readonly submitted: Submitted;
}

/** Blocking and unblocking; the same for ActivityPub clients and the REST API. */
@Injectable()
export class BlockCommands {
  constructor(
    @Inject(ActorDirectory) private readonly directory: ActorDirectory,
    @Inject(SocialGraph) private readonly socialGraph: SocialGraph,
    @Inject(Idempotency) private readonly idempotency: Idempotency,
    @Inject(Submit) private readonly submit: Submit,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @param named as {@link ActorDirectory.resolve} takes it. @throws Problem 404 unknown, 422 oneself, 502 no answer from there. */
  block(account: Account, named: string, request: FastifyRequest): Promise<Blocked> {
    return this.idempotency.once(account, request, () => this.idempotency.give(account), async ({ id }) => {
      const target = await this.directory.resolve(named, true);
      if (target.view.id === account.actor) throw new Problem(422, 'Nobody blocks himself.', { field: 'actor' });
      const existing = await this.socialGraph.blockOf(account.actor, target.view.id);
      if (existing !== null) return { actor: target.view, blockId: existing, submitted: 'visible' };
      const blockId = actorUrls(this.config.publicUrl, account.name).block(id);
      const submitted = await this.submit.graph(
        { type: 'BlockRequested', data: { actor: account.actor, at: new Date().toISOString(), target: this.directory.mailboxOf(target), blockId } },
        async () => (await this.socialGraph.blockOf(account.actor, target.view.id)) !== null,
      );
      return { actor: target.view, blockId, submitted };
    });
  }

  /** @param find who is blocked; null: not to be found. */
  unblock(account: Account, find: () => Promise<string | null>, request: FastifyRequest): Promise<Unblocked> {
    const fix = async (): Promise<{ target: string; blockId: string | null }> => {
      const target = await find();
      return { target: target ?? '', blockId: target && (await this.socialGraph.blockOf(account.actor, target)) };
    };
    return this.idempotency.once(account, request, fix, async ({ target, blockId }) => {
      if (blockId === null) return { target, blockId, submitted: 'visible' };
      const submitted = await this.submit.graph(
        { type: 'UnblockRequested', data: { actor: account.actor, at: new Date().toISOString(), target } },
        async () => (await this.socialGraph.blockOf(account.actor, target)) !== blockId,
      );
      return { target, blockId, submitted };
    });
  }
}
