import { Accounts } from '@heliograph/accounts';
import { actorDocument, actorUrls, instanceActorUrls, orderedCollection, statusDocument, tombstone } from '@heliograph/activitypub';
import { type Clock, DatabaseClock } from '@heliograph/engines';
import { type Config, Problem } from '@heliograph/platform';
import { StatusReader } from '@heliograph/status-store';
import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProfilePages } from '../pages/profile-pages.ts';
import { CONFIG } from '../tokens.ts';
import { LocalActivities, writableStatus } from './documents.ts';
import { LocalAccounts } from './local-accounts.ts';
import { sendDocument, wantsDocument } from './negotiate.ts';

/** Actors and statuses at their ids: documents for servers, pages for people. People's own ids are in actor.routes.ts. */
@ApiExcludeController()
@Controller()
export class ActorController {
  constructor(
    @Inject(LocalAccounts) private readonly locals: LocalAccounts,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(StatusReader) private readonly reader: StatusReader,
    @Inject(ProfilePages) private readonly pages: ProfilePages,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(DatabaseClock) private readonly clock: Clock,
  ) {}

  /** The actor that signs this server's own fetches: it can always be read, so that others can check those signatures. */
  @Get('actor')
  async instance(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const urls = instanceActorUrls(this.config.publicUrl);
    const { host } = new URL(this.config.publicUrl);
    const document = actorDocument({
      urls,
      type: 'Application',
      preferredUsername: host,
      name: host,
      summary: '',
      published: '2026-01-01T00:00:00Z',
      publicKeyPem: await this.accounts.instancePublicKeyPem(),
      icon: null,
      manuallyApprovesFollowers: true,
      discoverable: false,
      status: null,
      keepsHistory: false,
    });
    sendDocument(request, reply, document);
  }

  /** It says nothing by itself. */
  @Get('actor/outbox')
  instanceOutbox(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    sendDocument(request, reply, orderedCollection({ id: instanceActorUrls(this.config.publicUrl).outbox, totalItems: 0, first: null }));
  }

  @Get('@:name')
  async profile(@Param('name') name: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const account = await this.locals.living(name);
    if (!wantsDocument(request)) return this.pages.profile(account, reply);
    void reply.header('vary', 'Accept').redirect(account.actor, 302);
  }

  @Get('users/:name/statuses/:id')
  async status(@Param('name') name: string, @Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const account = await this.locals.living(name);
    const statusId = actorUrls(this.config.publicUrl, account.name).status(id);
    const found = await this.reader.byId(account.actor, statusId, this.clock.now());
    switch (found.kind) {
      case 'shown':
        if (wantsDocument(request)) return sendDocument(request, reply, statusDocument(writableStatus(found.status)));
        return this.pages.status(account, found.status, reply);
      case 'gone':
        if (!wantsDocument(request)) throw new Problem(410, 'This status is gone.');
        return sendDocument(request, reply, tombstone({ id: statusId, formerType: 'ActorStatus', deleted: found.deletedAt }), 410);
      case 'unknown':
        throw new Problem(404, `${account.name} has no status ${id}.`);
      default:
        return found satisfies never;
    }
  }

  /** The Create activity at its id: as long as the status can be read. */
  @Get('users/:name/statuses/:id/create')
  async create(@Param('name') name: string, @Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const account = await this.locals.living(name);
    const found = await this.reader.byId(account.actor, actorUrls(this.config.publicUrl, account.name).status(id), this.clock.now());
    if (found.kind === 'unknown') throw new Problem(404, `${account.name} has no status ${id}.`);
    if (found.kind === 'gone') throw new Problem(410, 'This status is gone.');
    sendDocument(request, reply, new LocalActivities(this.config.publicUrl, account.name).create(writableStatus(found.status)));
  }
}
