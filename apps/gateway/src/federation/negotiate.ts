import { ACTIVITY_JSON, wantsActivityJson } from '@heliograph/activitypub';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';

/** Whether the client asks for the ActivityPub document, not for a page to look at (ActivityPub, section 3.2). */
export const wantsDocument = (request: FastifyRequest): boolean => wantsActivityJson(request.headers.accept);

/** What is sent of a document: its bytes, and a name for exactly these. */
export interface Representation {
  readonly etag: string;
  readonly body: Buffer;
}

export function represent(document: object): Representation {
  // As bytes: Fastify would add a charset to the media type, which has no such parameter.
  const body = Buffer.from(JSON.stringify(document));
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

/**
 * Sends an ActivityPub document. Caches must ask again each time (`no-cache`): a status may be cleared or expire at any moment, and an
 * ETag makes the question cheap.
 */
export function sendDocument(request: FastifyRequest, reply: FastifyReply, document: object, status = 200): void {
  sendRepresentation(request, reply, represent(document), status);
}

/** As `sendDocument`. */
export function sendRepresentation({ headers }: FastifyRequest, reply: FastifyReply, { etag, body }: Representation, status: number): void {
  const unchanged = status === 200 && headers['if-none-match'] === etag;
  reply.headers({ vary: 'Accept', 'cache-control': 'no-cache', etag, 'access-control-allow-origin': '*' });
  void (unchanged ? reply.code(304).send() : reply.code(status).header('content-type', ACTIVITY_JSON).send(body));
}

/** Sends a page, which shows what other people wrote: no scripts, no framing. */
export function sendPage(reply: FastifyReply, html: string, status = 200): void {
  void reply
    .code(status)
    .header('vary', 'Accept')
    .header('cache-control', 'no-cache')
    .header('content-security-policy', "default-src 'none'; img-src https: http:; style-src 'self'; base-uri 'none'; frame-ancestors 'none'")
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('content-type', 'text/html; charset=utf-8')
    .send(html);
}
