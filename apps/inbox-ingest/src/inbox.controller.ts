import { ACTIVITY_JSON, orderedCollection } from '@heliograph/activitypub';
import { Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ReceiveFlow } from './receive.flow.ts';
import { PUBLIC_URL } from './tokens.ts';

/** The server-to-server inbox (ActivityPub, section 7): one shared, and one of each actor. */
@Controller()
export class InboxController {
  constructor(
    @Inject(ReceiveFlow) private readonly flow: ReceiveFlow,
    @Inject(PUBLIC_URL) private readonly publicUrl: string,
  ) {}

  @Post('inbox')
  @HttpCode(202)
  shared(@Req() request: FastifyRequest): Promise<void> {
    return this.flow.receive(incoming(request, null));
  }

  @Post('users/:name/inbox')
  @HttpCode(202)
  personal(@Req() request: FastifyRequest, @Param('name') name: string): Promise<void> {
    return this.flow.receive(incoming(request, name));
  }

  /** An inbox is an OrderedCollection (ActivityPub, section 5.2), and what is in it is nobody's business. */
  @Get(['inbox', 'users/:name/inbox'])
  read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const id = `${this.publicUrl}${request.url.split('?')[0]}`;
    void reply.header('content-type', ACTIVITY_JSON).send(Buffer.from(JSON.stringify(orderedCollection({ id, totalItems: 0, first: null }))));
  }
}

const incoming = (request: FastifyRequest, name: string | null): Parameters<ReceiveFlow['receive']>[0] => ({
  path: request.url,
  headers: request.raw.headersDistinct,
  body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
  recipient: name,
});
