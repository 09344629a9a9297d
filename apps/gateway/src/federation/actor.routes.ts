import { storedName } from '@heliograph/accounts';
import { ActorDocuments } from '@heliograph/actors';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProfilePages } from '../pages/profile-pages.ts';
import { LocalAccounts, nobodyCalled } from './local-accounts.ts';
import { sendRepresentation, wantsDocument } from './negotiate.ts';

/**
 * People at their ids (ActivityPub, section 3.2): ready documents for servers, pages for people. A plain Fastify handler, since nothing here is
 * asked more often (ADR 0012); what it throws is answered as for any controller.
 */
export function routeActors(app: NestFastifyApplication): void {
  const documents = app.get(ActorDocuments, { strict: false });
  const locals = app.get(LocalAccounts, { strict: false });
  const pages = app.get(ProfilePages, { strict: false });
  const fastify = app.getHttpAdapter().getInstance();
  const answer = async (name: string, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (!wantsDocument(request)) return pages.profile(await locals.living(name), reply);
    const stored = storedName(name);
    const document = stored && (await documents.find(stored));
    if (!document) throw nobodyCalled(name);
    sendRepresentation(request, reply, document, document.status);
  };
  // Not an async handler: Fastify would watch the end of every answer for the sake of its promise.
  fastify.get<{ Params: { name: string } }>('/users/:name', (request, reply) => {
    answer(request.params.name, request, reply).catch((error: unknown) => reply.send(error));
  });
}
