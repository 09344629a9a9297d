import type { Account } from '@heliograph/accounts';
import { type Clock, DatabaseClock } from '@heliograph/engines';
import { type Config, Problem, readJson } from '@heliograph/platform';
import { SocialGraph } from '@heliograph/social-graph';
import { StatusReader } from '@heliograph/status-store';
import { Controller, Delete, Get, Inject, Param, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BearerGuard, Me } from '../auth/bearer.guard.ts';
import { FollowCommands } from '../commands/follow.commands.ts';
import { FollowerCommands } from '../commands/follower.commands.ts';
import { ActorDirectory, type ActorView } from '../presenters/actor-directory.ts';
import { type StatusView, statusView } from '../presenters/status.view.ts';
import { CONFIG } from '../tokens.ts';
import { readActorName } from './object.ts';
import { goodPage, nextUrl, readPage } from './page.ts';
import { CURSOR, LIMIT, type Page } from './parameters.ts';
import { actorsSchema, followingSchema, followSchema, homeSchema, problem } from './schemas.ts';


/** Whom one follows, by whom one is followed, and what those one follows are doing. */
@ApiTags('following')
@ApiBearerAuth()
@ApiResponse(problem(401, 'no token'))
@UseGuards(BearerGuard)
@Controller('api')
export class FollowingController {
  constructor(
    @Inject(FollowCommands) private readonly commands: FollowCommands,
    @Inject(FollowerCommands) private readonly followerCommands: FollowerCommands,
    @Inject(SocialGraph) private readonly socialGraph: SocialGraph,
    @Inject(StatusReader) private readonly reader: StatusReader,
    @Inject(ActorDirectory) private readonly directory: ActorDirectory,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(DatabaseClock) private readonly clock: Clock,
  ) {}

  @Get('home')
  @ApiOperation({ summary: 'Current statuses of those you follow, newest first', operationId: 'getHome' })
  @ApiQuery(LIMIT)
  @ApiQuery(CURSOR)
  @ApiResponse({ status: 200, schema: homeSchema })
  async home(@Me() me: Account, @Query() query: Record<string, unknown>, @Req() request: FastifyRequest): Promise<Page<{ actor: ActorView; status: StatusView }>> {
    const followed = await this.socialGraph.followedActors(me.actor, MOST_FOLLOWED);
    const { items, next } = goodPage(await this.reader.home(followed, { ...readPage(query), at: this.clock.now() }));
    const views = await this.directory.views(items.map(({ actor }) => actor));
    const known = items.flatMap((row) => {
      const actor = views.get(row.actor);
      return actor ? [{ actor, status: statusView(row) }] : [];
    });
    return { items: known, next: nextUrl(this.config.publicUrl, request.url, next) };
  }

  @Post('following')
  @ApiOperation({ summary: 'Follow somebody', operationId: 'follow' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, schema: { type: 'string' } })
  @ApiBody({ schema: followSchema })
  @ApiResponse({ status: 201, schema: followingSchema })
  @ApiResponse(problem(403, 'blocked, by one or the other'))
  @ApiResponse(problem(404, 'nobody of that name'))
  @ApiResponse(problem(502, 'the other server did not answer'))
  async follow(@Me() me: Account, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const { actor: view, submitted } = await this.commands.follow(me, readActorName(readJson(request.body)), request);
    reply.code(submitted === 'visible' ? 201 : 202);
    return { actor: view, state: (await this.socialGraph.followingState(me.actor, view.id))?.state ?? 'requested' };
  }

  @Delete('following/:actor')
  @ApiOperation({ summary: 'Stop following somebody', operationId: 'unfollow' })
  @ApiResponse({ status: 204, description: 'not followed any more' })
  @ApiResponse(problem(404, 'not followed'))
  async unfollow(@Me() me: Account, @Param('actor') named: string, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const undone = await this.commands.unfollow(me, async () => this.#followed(me, named), request);
    if (!undone.followId) throw new Problem(404, `You do not follow ${named}.`);
    reply.code(undone.submitted === 'visible' ? 204 : 202);
  }

  /** Also one who has gone since, by address. */
  async #followed(me: Account, named: string): Promise<string> {
    const state = /^https?:/.test(named) ? await this.socialGraph.followingState(me.actor, named) : null;
    return state ? named : (await this.directory.resolve(named, false)).view.id;
  }

  @Get('following')
  @ApiOperation({ summary: 'Whom you follow', operationId: 'getFollowing' })
  @ApiQuery(LIMIT)
  @ApiQuery(CURSOR)
  @ApiResponse({ status: 200, schema: followingSchema })
  async following(@Me() me: Account, @Query() query: Record<string, unknown>, @Req() request: FastifyRequest): Promise<Page<{ actor: ActorView; state: string }>> {
    const { items, next } = await this.socialGraph.following(me.actor, { ...readPage(query), states: ['requested', 'accepted', 'rejected'] });
    const views = await this.directory.views(items.map(({ target }) => target));
    return {
      items: items.flatMap(({ target, state }) => (views.has(target) ? [{ actor: views.get(target)!, state }] : [])),
      next: nextUrl(this.config.publicUrl, request.url, next),
    };
  }

  @Delete('followers/:actor')
  @ApiOperation({ summary: 'Remove a follower', operationId: 'removeFollower' })
  @ApiResponse({ status: 204, description: 'does not follow you any more' })
  @ApiResponse(problem(404, 'does not follow you'))
  async removeFollower(@Me() me: Account, @Param('actor') named: string, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const answered = await this.followerCommands.answer(me, () => this.directory.iriOf(named), false, request);
    if (!answered.followId) throw new Problem(404, `${named} does not follow you.`);
    reply.code(answered.submitted === 'visible' ? 204 : 202);
  }

  @Get('followers')
  @ApiOperation({ summary: 'Who follows you', operationId: 'getFollowers' })
  @ApiQuery(LIMIT)
  @ApiQuery(CURSOR)
  @ApiResponse({ status: 200, schema: actorsSchema })
  async followers(@Me() me: Account, @Query() query: Record<string, unknown>, @Req() request: FastifyRequest): Promise<Page<ActorView>> {
    const { items, next } = await this.socialGraph.followers(me.actor, readPage(query));
    const views = await this.directory.views(items.map(({ follower }) => follower));
    return {
      items: items.flatMap(({ follower }) => views.get(follower) ?? []),
      next: nextUrl(this.config.publicUrl, request.url, next),
    };
  }
}

/** Followed actors that one home looks at. */
const MOST_FOLLOWED = 5_000;
