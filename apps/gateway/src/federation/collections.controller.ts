import { orderedCollection, orderedCollectionPage, statusObject } from '@heliograph/activitypub';
import { type Clock, DatabaseClock } from '@heliograph/engines';
import { type Config, Problem } from '@heliograph/platform';
import { SocialGraph } from '@heliograph/social-graph';
import { StatusReader } from '@heliograph/status-store';
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { goodPage, readPage } from '../api/page.ts';
import { CONFIG } from '../tokens.ts';
import { LocalActivities, writableStatus } from './documents.ts';
import { LocalAccounts } from './local-accounts.ts';
import { sendDocument } from './negotiate.ts';

/** Activities in an outbox. */
const IN_OUTBOX = 100;

interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** The collections of one person (ActivityPub, section 5; FEP-82f6 `statusHistory`): newest first, paged by cursor. */
@ApiExcludeController()
@Controller('users/:name')
export class CollectionsController {
  constructor(
    @Inject(LocalAccounts) private readonly locals: LocalAccounts,
    @Inject(StatusReader) private readonly reader: StatusReader,
    @Inject(SocialGraph) private readonly socialGraph: SocialGraph,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(DatabaseClock) private readonly clock: Clock,
  ) {}

  /** `statusHistory`: statuses inlined; expired and cleared ones too, deleted ones not. Nobody has one who keeps no history. */
  @Get('statuses')
  async history(@Param('name') name: string, @Query() query: Record<string, unknown>, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const account = await this.locals.living(name);
    if (!account.history) throw new Problem(404, `${account.name} keeps no history.`);
    const total = await this.reader.countHistory(account.actor);
    await this.#send(request, reply, query, total, async (page) => {
      const { items, next } = goodPage(await this.reader.history(account.actor, { ...page, at: this.clock.now() }));
      return { items: items.map((row) => statusObject(writableStatus(row))), next };
    });
  }

  /** What this person did last, as far as it can be read: statuses that are not erased, and what was cleared or deleted. */
  @Get('outbox')
  async outbox(@Param('name') name: string, @Query() query: Record<string, unknown>, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const account = await this.locals.living(name);
    const activities = new LocalActivities(this.config.publicUrl, account.name);
    const events = await this.reader.recentEvents(account.actor, IN_OUTBOX, this.clock.now());
    const items = events.flatMap((event) => activities.of(event) ?? []);
    await this.#send(request, reply, query, items.length, async () => ({ items, next: null }));
  }

  @Get('followers')
  async followers(@Param('name') name: string, @Query() query: Record<string, unknown>, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const account = await this.locals.living(name);
    await this.#send(request, reply, query, await this.socialGraph.countFollowers(account.actor), async (page) => {
      const { items, next } = await this.socialGraph.followers(account.actor, page);
      return { items: items.map(({ follower }) => follower), next };
    });
  }

  @Get('following')
  async following(@Param('name') name: string, @Query() query: Record<string, unknown>, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const account = await this.locals.living(name);
    await this.#send(request, reply, query, await this.socialGraph.countFollowing(account.actor), async (page) => {
      const { items, next } = await this.socialGraph.following(account.actor, page);
      return { items: items.map(({ target }) => target), next };
    });
  }

  /** The collection itself, or, with a query, one of its pages. */
  async #send(
    request: FastifyRequest,
    reply: FastifyReply,
    query: Record<string, unknown>,
    totalItems: number,
    read: (page: { limit: number; cursor: string | null }) => Promise<PageOf<object | string>>,
  ): Promise<void> {
    const id = new URL(request.url, this.config.publicUrl);
    const partOf = `${id.origin}${id.pathname}`;
    const pageUrl = (cursor: string | null): string => `${partOf}?page=true${cursor === null ? '' : `&cursor=${cursor}`}`;
    if (!('page' in query) && !('cursor' in query)) return sendDocument(request, reply, orderedCollection({ id: partOf, totalItems, first: pageUrl(null) }));
    const page = readPage(query);
    const { items, next } = await read(page);
    sendDocument(request, reply, orderedCollectionPage({ id: pageUrl(page.cursor), partOf, totalItems, items, next: next === null ? null : pageUrl(next), prev: null }));
  }
}
