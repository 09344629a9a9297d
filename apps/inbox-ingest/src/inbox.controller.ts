import { ACTIVITY_JSON, orderedCollection } from '@heliograph/activitypub';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PUBLIC_URL } from './tokens.ts';

/** An inbox as a document; what arrives there goes through `inbox.routes.ts`. */
@Controller()
export class InboxController {
  constructor(@Inject(PUBLIC_URL) private readonly publicUrl: string) {}

  /** An inbox is an OrderedCollection (ActivityPub, section 5.2), and what is in it is nobody's business. */
  @Get(['inbox', 'users/:name/inbox'])
  read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const id = `${this.publicUrl}${request.url.split('?')[0]}`;
    void reply.header('content-type', ACTIVITY_JSON).send(Buffer.from(JSON.stringify(orderedCollection({ id, totalItems: 0, first: null }))));
  }
}
