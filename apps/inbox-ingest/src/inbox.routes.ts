import { ACCEPT_SIGNATURE } from '@heliograph/http-signatures';
import { Problem } from '@heliograph/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ReceiveFlow } from './receive.flow.ts';
import type { IncomingRequest } from './verify.ts';

/**
 * The server-to-server inbox (ActivityPub, section 7): one shared, and one of each actor. Plain Fastify handlers, since nothing here is asked
 * more often (ADR 0012); what they throw is answered as for any controller.
 */
export function routeInbox(app: NestFastifyApplication): void {
  const flow = app.get(ReceiveFlow, { strict: false });
  const receive = async (request: FastifyRequest, reply: FastifyReply, recipient: string | null): Promise<FastifyReply> => {
    try {
      await flow.receive(incoming(request, recipient));
    } catch (error) {
      if (error instanceof Problem && error.status === 401) void reply.header('accept-signature', ACCEPT_SIGNATURE);
      throw error;
    }
    return reply.code(202).send();
  };
  const fastify = app.getHttpAdapter().getInstance();
  fastify.post('/inbox', (request, reply) => receive(request, reply, null));
  fastify.post<{ Params: { name: string } }>('/users/:name/inbox', (request, reply) => receive(request, reply, request.params.name));
}

const incoming = ({ url, raw, body }: FastifyRequest, recipient: string | null): IncomingRequest => ({
  path: url,
  headers: raw.headersDistinct,
  body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  recipient,
});
