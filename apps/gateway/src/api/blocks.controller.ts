import type { Account } from '@heliograph/accounts';
import { type Config, Problem, readJson } from '@heliograph/platform';
import { SocialGraph } from '@heliograph/social-graph';
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BearerGuard, Me } from '../auth/bearer.guard.ts';
import { BlockCommands } from '../commands/block.commands.ts';
import { ActorDirectory, type ActorView } from '../presenters/actor-directory.ts';
import { CONFIG } from '../tokens.ts';
import { readActorName } from './object.ts';
import { nextUrl, readPage } from './page.ts';
import { ACTOR, CURSOR, LIMIT, type Page } from './parameters.ts';
import { actorSchema, actorsSchema, blockSchema, problem } from './schemas.ts';

/** Whom one wants to have nothing to do with: neither follows the other, and neither is shown the other's statuses. */
@ApiTags('blocks')
@ApiBearerAuth()
@ApiResponse(problem(401, 'no token'))
@UseGuards(BearerGuard)
@Controller('api/blocks')
export class BlocksController {
  constructor(
    @Inject(BlockCommands) private readonly commands: BlockCommands,
    @Inject(SocialGraph) private readonly socialGraph: SocialGraph,
    @Inject(ActorDirectory) private readonly directory: ActorDirectory,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Whom you block, newest first', operationId: 'getBlocks' })
  @ApiQuery(LIMIT)
  @ApiQuery(CURSOR)
  @ApiResponse({ status: 200, schema: actorsSchema })
  @ApiResponse(problem(422, 'limit or cursor'))
  async list(@Me() me: Account, @Query() query: Record<string, unknown>, @Req() request: FastifyRequest): Promise<Page<ActorView>> {
    const { items, next } = await this.socialGraph.blocked(me.actor, readPage(query));
    const views = await this.directory.views(items.map(({ target }) => target));
    return { items: items.flatMap(({ target }) => views.get(target) ?? []), next: nextUrl(this.config.publicUrl, request.url, next) };
  }

  @Post()
  @ApiOperation({ summary: 'Block somebody', description: 'Ends the follows of both sides; the other server is told, so that it ends its side.', operationId: 'block' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, schema: { type: 'string' } })
  @ApiBody({ schema: blockSchema })
  @ApiResponse({ status: 201, schema: actorSchema, description: 'blocked' })
  @ApiResponse({ status: 202, schema: actorSchema, description: 'safe; it takes effect shortly' })
  @ApiResponse(problem(404, 'nobody of that name'))
  @ApiResponse(problem(422, 'yourself'))
  @ApiResponse(problem(502, 'the other server did not answer'))
  async block(@Me() me: Account, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<ActorView> {
    const { actor, submitted } = await this.commands.block(me, readActorName(readJson(request.body)), request);
    reply.code(submitted === 'visible' ? 201 : 202);
    return actor;
  }

  @Delete(':actor')
  @HttpCode(204)
  @ApiOperation({ summary: 'Unblock somebody', operationId: 'unblock' })
  @ApiParam(ACTOR)
  @ApiResponse({ status: 204, description: 'not blocked any more; follows do not come back by themselves' })
  @ApiResponse({ status: 202, description: 'safe; it takes effect shortly' })
  @ApiResponse(problem(404, 'not blocked'))
  async unblock(@Me() me: Account, @Param('actor') named: string, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const { blockId, submitted } = await this.commands.unblock(me, () => this.directory.iriOf(named), request);
    if (!blockId) throw new Problem(404, `You have not blocked ${named}.`);
    if (submitted === 'accepted') reply.code(202);
  }
}
