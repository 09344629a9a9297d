import { Accounts } from '@heliograph/accounts';
import { type Clock, DatabaseClock } from '@heliograph/engines';
import { type Config } from '@heliograph/platform';
import { StatusReader } from '@heliograph/status-store';
import { Controller, Get, Header, Inject, Param, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { accountOf } from '../auth/bearer.guard.ts';
import { ActorDirectory, type ActorView } from '../presenters/actor-directory.ts';
import { Blocks } from '../presenters/blocks.ts';
import { type StatusView, statusView } from '../presenters/status.view.ts';
import { CONFIG } from '../tokens.ts';
import { goodPage, nextUrl, readPage } from './page.ts';
import { ACTOR } from './parameters.ts';
import { actorSchema, actorStatusSchema, historySchema, problem } from './schemas.ts';

/** Reading actors and their statuses. Needs no token; with one, remote actors that are not known yet are looked up. */
@ApiTags('actors')
@ApiParam(ACTOR)
@Controller('api/actors/:actor')
export class ActorsController {
  constructor(
    @Inject(ActorDirectory) private readonly directory: ActorDirectory,
    @Inject(StatusReader) private readonly reader: StatusReader,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(Blocks) private readonly blocks: Blocks,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(DatabaseClock) private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({ summary: 'An actor', operationId: 'getActor' })
  @ApiResponse({ status: 200, schema: actorSchema })
  @ApiResponse(problem(404, 'unknown'))
  async actor(@Param('actor') named: string, @Req() request: FastifyRequest): Promise<ActorView> {
    return (await this.directory.resolve(named, (await accountOf(request, this.accounts)) !== null)).view;
  }

  @Get('status')
  @Header('cache-control', 'no-cache')
  @Header('access-control-allow-origin', '*')
  @ApiOperation({ summary: 'Its current status; null when there is none, or it has expired', operationId: 'getStatus' })
  @ApiResponse({ status: 200, schema: actorStatusSchema })
  @ApiResponse(problem(403, 'blocked, by one or the other'))
  @ApiResponse(problem(404, 'unknown'))
  async status(@Param('actor') named: string, @Req() request: FastifyRequest): Promise<{ actor: ActorView; status: StatusView | null }> {
    const view = await this.#visible(named, request);
    const row = await this.reader.current(view.id, this.clock.now());
    return { actor: view, status: row && statusView(row) };
  }

  @Get('history')
  @Header('cache-control', 'no-cache')
  @ApiOperation({ summary: 'Its statuses, newest first; always empty for an actor who keeps no history', operationId: 'getHistory' })
  @ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 } })
  @ApiQuery({ name: 'cursor', required: false, schema: { type: 'string' }, description: 'from `next`' })
  @ApiResponse({ status: 200, schema: historySchema })
  @ApiResponse(problem(403, 'blocked, by one or the other'))
  @ApiResponse(problem(404, 'unknown'))
  @ApiResponse(problem(422, 'limit or cursor'))
  async history(
    @Param('actor') named: string,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
  ): Promise<{ items: readonly StatusView[]; next: string | null }> {
    const page = readPage(query);
    const view = await this.#visible(named, request);
    if (!view.hasHistory) return { items: [], next: null };
    const { items, next } = goodPage(await this.reader.history(view.id, { ...page, at: this.clock.now() }));
    return { items: items.map(statusView), next: nextUrl(this.config.publicUrl, request.url, next) };
  }

  /** The actor, if whoever asks may see its statuses. */
  async #visible(named: string, request: FastifyRequest): Promise<ActorView> {
    const account = await accountOf(request, this.accounts);
    const { view } = await this.directory.resolve(named, account !== null);
    await this.blocks.assertVisible(account, view);
    return view;
  }
}
