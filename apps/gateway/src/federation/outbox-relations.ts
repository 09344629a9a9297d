import type { Account } from '@heliograph/accounts';
import { acceptActivity, actorUrls, answerKey, blockActivity, readReference, rejectActivity, undoBlockActivity, undoId } from '@heliograph/activitypub';
import { type Config, Problem } from '@heliograph/platform';
import { SocialGraph } from '@heliograph/social-graph';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { BlockCommands } from '../commands/block.commands.ts';
import { FollowerCommands } from '../commands/follower.commands.ts';
import type { Submitted } from '../commands/submit.ts';
import { CONFIG } from '../tokens.ts';

/** What was done, as the activity that others are told. */
export interface Done {
  readonly activity: { readonly id: string };
  readonly submitted: Submitted;
}

/** What ActivityPub clients post about other people: Accept and Reject of a Follow, Block, and its Undo. */
@Injectable()
export class OutboxRelations {
  constructor(
    @Inject(FollowerCommands) private readonly followers: FollowerCommands,
    @Inject(BlockCommands) private readonly blocks: BlockCommands,
    @Inject(SocialGraph) private readonly socialGraph: SocialGraph,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** The Follow is named by its id, or inlined with its id or its actor. A Reject also ends a follow that was accepted before. */
  async answer(me: Account, type: 'Accept' | 'Reject', object: unknown, request: FastifyRequest): Promise<Done> {
    const named = readReference(object);
    const inlined = isObject(object) ? readReference(object['actor']) : null;
    const find = async (): Promise<string | null> => (named && (await this.socialGraph.followerBy(me.actor, named))) ?? inlined;
    const { follower, followId, submitted } = await this.followers.answer(me, find, type === 'Accept', request);
    if (!followId) throw new Problem(422, '"object" is not a Follow of you that stands or waits.', { field: 'object' });
    const urls = actorUrls(this.config.publicUrl, me.name);
    const key = answerKey(follower, followId);
    const follow = { type: 'Follow', id: followId, actor: follower, object: me.actor };
    const told = { actor: me.actor, follower, follow };
    return { activity: type === 'Accept' ? acceptActivity({ id: urls.accept(key), ...told }) : rejectActivity({ id: urls.reject(key), ...told }), submitted };
  }

  async block(me: Account, object: unknown, request: FastifyRequest): Promise<Done> {
    const target = readReference(object);
    if (target === null) throw new Problem(422, '"object" is not the address of an actor.', { field: 'object' });
    const { actor, blockId, submitted } = await this.blocks.block(me, target, request);
    return { activity: blockActivity({ id: blockId, actor: me.actor, object: actor.id }), submitted };
  }

  /** Whether the object of an Undo is a Block: inlined, or the id of one that stands. */
  async isBlock(me: Account, object: unknown): Promise<boolean> {
    if (isObject(object) && [object['type']].flat().includes('Block')) return true;
    const id = readReference(object);
    return id !== null && (await this.socialGraph.targetOfBlock(me.actor, id)) !== null;
  }

  /** Of a Block: named by its id, inlined, or inlined without id. */
  async undoBlock(me: Account, object: unknown, request: FastifyRequest): Promise<Done> {
    const id = readReference(object);
    const inlined = isObject(object) ? readReference(object['object']) : null;
    const find = async (): Promise<string | null> => inlined ?? (id && (await this.socialGraph.targetOfBlock(me.actor, id)));
    const { target, blockId, submitted } = await this.blocks.unblock(me, find, request);
    if (!blockId) throw new Problem(422, '"object" is not a Block of yours that stands.', { field: 'object' });
    return { activity: undoBlockActivity({ id: undoId(blockId), block: { id: blockId, actor: me.actor, object: target } }), submitted };
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
