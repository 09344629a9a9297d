import { Accounts } from '@heliograph/accounts';
import { type Clock, DatabaseClock } from '@heliograph/engines';
import { createLogger, gauge, Problem } from '@heliograph/platform';
import { SocialGraph } from '@heliograph/social-graph';
import { StatusReader } from '@heliograph/status-store';
import { Controller, Get, Inject, type OnModuleDestroy, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import { problem } from '../api/schemas.ts';
import { accountOf } from '../auth/bearer.guard.ts';
import { ActorDirectory } from '../presenters/actor-directory.ts';
import { Blocks } from '../presenters/blocks.ts';
import { RecordedEvents } from '../recorded/recorded-events.ts';
import { StatusStream, type StreamEvent, type StreamScope } from './status-stream.ts';

const log = createLogger('gateway');
const open = gauge('heliograph_streams_open', 'Open event streams');
const COMMENT_EVERY_MS = 15_000;
/** A reader who is this far behind (bytes) is disconnected; the snapshot of the next connection brings him up to date. */
const MAX_BEHIND = 1_000_000;
/** Open streams of one process. */
const MOST_STREAMS = 10_000;
/** Followed actors in one home stream. */
const MOST_FOLLOWED = 5_000;

/** Live statuses as server-sent events (HTML, section 9.2). */
@ApiTags('stream')
@Controller('api/stream')
export class StreamController implements OnModuleDestroy {
  readonly #responses = new Set<ServerResponse>();
  #stopping = false;

  constructor(
    @Inject(RecordedEvents) private readonly recorded: RecordedEvents,
    @Inject(StatusReader) private readonly reader: StatusReader,
    @Inject(ActorDirectory) private readonly directory: ActorDirectory,
    @Inject(SocialGraph) private readonly socialGraph: SocialGraph,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(Blocks) private readonly blocks: Blocks,
    @Inject(DatabaseClock) private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Statuses as they change: your home with a token, or one actor',
    description:
      'Begins with an event `snapshot` (`{items:[{actor,status|null}]}`), then `published`, `cleared`, `deleted`, `expired`, each with `{actor,status}`; a comment every 15 s.',
    operationId: 'stream',
  })
  @ApiQuery({ name: 'actor', required: false, schema: { type: 'string' } })
  @ApiProduces('text/event-stream')
  @ApiResponse({ status: 200, description: 'server-sent events' })
  @ApiResponse(problem(401, 'neither a token nor `actor`'))
  @ApiResponse(problem(403, 'blocked, by one or the other'))
  @ApiResponse(problem(404, 'unknown actor'))
  async stream(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Query('actor') named?: unknown): Promise<void> {
    const refusal = this.#stopping ? 'This server is stopping.' : this.#responses.size >= MOST_STREAMS ? 'There are too many open streams.' : null;
    if (refusal) throw new Problem(503, refusal, { retryAfter: 5 });
    const scope = await this.#scope(request, named);
    reply.hijack();
    // Who has gone meanwhile has said so already, and will not say it again.
    if (!reply.raw.destroyed && !request.raw.destroyed) this.#serve(reply.raw, scope);
  }

  /** Before the HTTP server waits for its connections to end: streams never do by themselves. */
  onModuleDestroy(): void {
    this.#stopping = true;
    for (const response of this.#responses) response.end();
  }

  async #scope(request: FastifyRequest, named: unknown): Promise<StreamScope> {
    const account = await accountOf(request, this.accounts);
    if (typeof named === 'string' && named !== '') {
      const { view } = await this.directory.resolve(named, account !== null);
      await this.blocks.assertVisible(account, view);
      return { actors: async () => [view.id], includes: async (actors) => new Set(actors.filter((actor) => actor === view.id)) };
    }
    if (!account) throw new Problem(401, 'The home stream needs an access token; without one, name an actor with ?actor=.');
    return {
      actors: () => this.socialGraph.followedActors(account.actor, MOST_FOLLOWED),
      includes: (actors) => this.socialGraph.followedAmong(account.actor, actors),
    };
  }

  #serve(response: ServerResponse, scope: StreamScope): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'access-control-allow-origin': '*',
    });
    response.write(': heliograph\n\n');
    const send = ({ event, data }: StreamEvent): void => {
      if (response.writableLength > MAX_BEHIND) response.destroy();
      else response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    const stream = new StatusStream(scope, this.reader, this.directory, this.clock, send, (error) => {
      log.warn({ err: error }, 'stream ended');
      response.end();
    });
    // Listening begins before the snapshot is read: nothing falls in between.
    const unlisten = this.recorded.listen((events) => stream.notice(events));
    const comments = setInterval(() => response.write(': still here\n\n'), COMMENT_EVERY_MS);
    this.#responses.add(response);
    open.set(this.#responses.size);
    response.on('close', () => {
      clearInterval(comments);
      unlisten();
      stream.close();
      this.#responses.delete(response);
      open.set(this.#responses.size);
    });
    stream.start();
  }
}
