import type { Account } from '@heliograph/accounts';
import { type Config, Problem } from '@heliograph/platform';
import { SocialGraph } from '@heliograph/social-graph';
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BearerGuard, Me } from '../auth/bearer.guard.ts';
import { FollowerCommands } from '../commands/follower.commands.ts';
import { ActorDirectory, type ActorView } from '../presenters/actor-directory.ts';
import { CONFIG } from '../tokens.ts';
import { nextUrl, readPage } from './page.ts';
import { ACTOR, CURSOR, LIMIT, type Page } from './parameters.ts';
import { actorsSchema, problem } from './schemas.ts';

/** Who waits to be let in by a locked account. */
@ApiTags('following')
@ApiBearerAuth()
@ApiResponse(problem(401, 'no token'))
@UseGuards(BearerGuard)
@Controller('api/follow-requests')
export class FollowRequestsController {
  constructor(
    @Inject(FollowerCommands) private readonly commands: FollowerCommands,
    @Inject(SocialGraph) private readonly socialGraph: SocialGraph,
    @Inject(ActorDirectory) private readonly directory: ActorDirectory,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Who asked to follow you and has no answer yet, newest first', operationId: 'getFollowRequests' })
  @ApiQuery(LIMIT)
  @ApiQuery(CURSOR)
  @ApiResponse({ status: 200, schema: actorsSchema })
  @ApiResponse(problem(422, 'limit or cursor'))
  async list(@Me() me: Account, @Query() query: Record<string, unknown>, @Req() request: FastifyRequest): Promise<Page<ActorView>> {
    const { items, next } = await this.socialGraph.followRequests(me.actor, readPage(query));
    const views = await this.directory.views(items.map(({ follower }) => follower));
    return { items: items.flatMap(({ follower }) => views.get(follower) ?? []), next: nextUrl(this.config.publicUrl, request.url, next) };
  }

  @Post(':actor/accept')
  @HttpCode(204)
  @ApiOperation({ summary: 'Let somebody follow you', operationId: 'acceptFollowRequest' })
  @ApiParam(ACTOR)
  @ApiResponse({ status: 204, description: 'follows you now' })
  @ApiResponse({ status: 202, description: 'safe; it shows shortly' })
  @ApiResponse(problem(404, 'has not asked'))
  accept(@Me() me: Account, @Param('actor') named: string, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    return this.#answer(me, named, true, request, reply);
  }

  @Post(':actor/reject')
  @HttpCode(204)
  @ApiOperation({ summary: 'Do not let somebody follow you', operationId: 'rejectFollowRequest' })
  @ApiParam(ACTOR)
  @ApiResponse({ status: 204, description: 'does not follow you' })
  @ApiResponse({ status: 202, description: 'safe; it shows shortly' })
  @ApiResponse(problem(404, 'has not asked'))
  reject(@Me() me: Account, @Param('actor') named: string, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    return this.#answer(me, named, false, request, reply);
  }

  async #answer(me: Account, named: string, accepted: boolean, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const waiting = async (): Promise<string | null> => {
      const follower = await this.directory.iriOf(named);
      return (await this.socialGraph.followOf(me.actor, follower))?.state === 'requested' ? follower : null;
    };
    const { followId, submitted } = await this.commands.answer(me, waiting, accepted, request);
    if (!followId) throw new Problem(404, `${named} has not asked to follow you, or has an answer.`);
    if (submitted === 'accepted') reply.code(202);
  }
}
