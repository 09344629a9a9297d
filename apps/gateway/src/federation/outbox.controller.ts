import type { Account } from '@heliograph/accounts';
import { ACTIVITY_JSON, readReference } from '@heliograph/activitypub';
import { type Config, Problem, readJson } from '@heliograph/platform';
import { SocialGraph } from '@heliograph/social-graph';
import { eventIdOf } from '@heliograph/status';
import { StatusReader } from '@heliograph/status-store';
import { Controller, Inject, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readObject } from '../api/object.ts';
import { BearerGuard, Me } from '../auth/bearer.guard.ts';
import { FollowCommands } from '../commands/follow.commands.ts';
import { StatusCommands } from '../commands/status.commands.ts';
import { CONFIG } from '../tokens.ts';
import { LocalActivities, writableStatus } from './documents.ts';
import { type Done, OutboxRelations } from './outbox-relations.ts';

/**
 * ActivityPub client to server (section 6): Create{ActorStatus} or a bare ActorStatus, Remove, Delete, Follow, Accept, Reject, Block, Undo. Answers
 * 201 with Location and the activity once readers can see it, 202 when it is safe and takes longer.
 */
@ApiExcludeController()
@UseGuards(BearerGuard)
@Controller('users/:name/outbox')
export class OutboxController {
  constructor(
    @Inject(StatusCommands) private readonly statuses: StatusCommands,
    @Inject(FollowCommands) private readonly follows: FollowCommands,
    @Inject(OutboxRelations) private readonly relations: OutboxRelations,
    @Inject(StatusReader) private readonly reader: StatusReader,
    @Inject(SocialGraph) private readonly socialGraph: SocialGraph,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post()
  async post(@Me() me: Account, @Param('name') name: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (name.toLowerCase() !== me.name) throw new Problem(403, `This token is ${me.name}'s, and the outbox ${name}'s.`);
    const activity = readObject(readJson(request.body));
    if (activity['actor'] !== undefined && readReference(activity['actor']) !== me.actor) throw new Problem(403, `"actor" is not ${me.actor}.`, { field: 'actor' });
    const { activity: done, submitted } = await this.#carryOut(me, activity, request);
    void reply
      .code(submitted === 'visible' ? 201 : 202)
      .header('location', done.id)
      .header('content-type', ACTIVITY_JSON)
      .send(Buffer.from(JSON.stringify(done)));
  }

  #carryOut(me: Account, activity: Record<string, unknown>, request: FastifyRequest): Promise<Done> {
    const type = typeOf(activity);
    switch (type) {
      case 'ActorStatus':
        return this.#publish(me, activity, request, '');
      case 'Create':
        return this.#create(me, activity['object'], request);
      case 'Remove':
      case 'Delete':
        return this.#retract(me, type, activity['object'], request);
      case 'Follow':
        return this.#follow(me, activity['object'], request);
      case 'Accept':
      case 'Reject':
        return this.relations.answer(me, type, activity['object'], request);
      case 'Block':
        return this.relations.block(me, activity['object'], request);
      case 'Undo':
        return this.#undo(me, activity['object'], request);
      default:
        throw new Problem(422, `"type" is not one that can be posted here: ActorStatus, Create, Remove, Delete, Follow, Accept, Reject, Block or Undo.`, { field: 'type' });
    }
  }

  #create(me: Account, object: unknown, request: FastifyRequest): Promise<Done> {
    if (typeof object !== 'object' || object === null || typeOf(object as Record<string, unknown>) !== 'ActorStatus') {
      throw new Problem(422, '"object" is not an ActorStatus.', { field: 'object' });
    }
    return this.#publish(me, object as Record<string, unknown>, request, 'object.');
  }

  async #publish(me: Account, status: Record<string, unknown>, request: FastifyRequest, prefix: string): Promise<Done> {
    const { attributedTo, content, endTime, attachment } = status;
    if (attributedTo !== undefined && readReference(attributedTo) !== me.actor) {
      throw new Problem(403, `"attributedTo" is not ${me.actor}.`, { field: `${prefix}attributedTo` });
    }
    const { event, submitted } = await this.statuses.publish(me, { content, endTime, attachment: one(attachment) }, request, prefix);
    const { data } = event;
    return { activity: this.#activities(me).create(writableStatus({ ...data, publishedRaw: data.published })), submitted };
  }

  async #retract(me: Account, type: 'Remove' | 'Delete', object: unknown, request: FastifyRequest): Promise<Done> {
    const statusId = readReference(object);
    if (statusId === null) throw new Problem(422, '"object" is not a status or the id of one.', { field: 'object' });
    const { submitted } = type === 'Remove' ? await this.statuses.remove(me, statusId, request) : await this.statuses.delete(me, statusId, request);
    // Told without the words, so that the same request has the same answer also once they are erased.
    const eventId = eventIdOf(type === 'Remove' ? 'StatusRemoved' : 'StatusDeleted', { actor: me.actor, statusId });
    const fact = await this.reader.eventContent(me.actor, eventId);
    const status = { id: statusId, attributedTo: me.actor, published: fact?.published ?? new Date().toISOString(), content: null };
    return { activity: this.#activities(me).retract(type, status), submitted };
  }

  async #follow(me: Account, object: unknown, request: FastifyRequest): Promise<Done> {
    const target = readReference(object);
    if (target === null) throw new Problem(422, '"object" is not the address of an actor.', { field: 'object' });
    const { actor, followId, submitted } = await this.follows.follow(me, target, request);
    return { activity: this.#activities(me).follow(followId, actor.id), submitted };
  }

  /** Of a Block, or of a Follow: named by its id, inlined, or inlined without id. */
  async #undo(me: Account, object: unknown, request: FastifyRequest): Promise<Done> {
    if (await this.relations.isBlock(me, object)) return this.relations.undoBlock(me, object, request);
    const inlined = typeof object === 'object' && object !== null ? readReference((object as Record<string, unknown>)['object']) : null;
    const followId = readReference(object);
    const undone = await this.follows.unfollow(me, async () => inlined ?? (followId && (await this.socialGraph.targetOf(me.actor, followId))), request);
    if (!undone.followId) throw new Problem(422, '"object" is not a Follow of yours that stands.', { field: 'object' });
    return { activity: this.#activities(me).undo(undone.followId, undone.target), submitted: undone.submitted };
  }

  #activities(me: Account): LocalActivities {
    return new LocalActivities(this.config.publicUrl, me.name);
  }
}

const one = (value: unknown): unknown => (Array.isArray(value) && value.length === 1 ? value[0] : value);

function typeOf(object: Record<string, unknown>): string | null {
  const type = one(object['type']);
  return typeof type === 'string' ? type.replace(/^(sm:|http:\/\/smithereen\.software\/ns#|as:|https:\/\/www\.w3\.org\/ns\/activitystreams#)/, '') : null;
}
