import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { histogram } from '../metrics.ts';
import { parseTraceparent } from '../tracing/traceparent.ts';
import { runWithin, type Span, SpanKind, startSpan } from '../tracing/tracing.ts';

const seconds = histogram('heliograph_http_request_seconds', 'Time from a request to the end of its answer, by route as it is written in the code; answers by class, such as 2xx', [
  'method',
  'route',
  'status',
]);

/** Asked all day long by machines that look after us: nothing to trace or to measure. */
const PROBES: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz', '/metrics']);

/** By method, route and class of answer: looking a histogram's labels up takes longer than all the rest. */
const observers = new Map<string, ReturnType<typeof seconds.labels>>();
const spans = new WeakMap<FastifyRequest, Span>();

/**
 * A span and a duration for each request. A trace that comes with the request (`traceparent`) goes on; another one begins here. To be called
 * before there are routes.
 */
export function observeRequests(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (PROBES.has(request.routeOptions.url)) return done();
    const parent = parseTraceparent(single(request.headers['traceparent']));
    const span = startSpan(`${request.method} ${routeOf(request)}`, { kind: SpanKind.SERVER, parent });
    spans.set(request, span);
    runWithin(span.spanContext(), done);
  });
  // What follows the body comes from the socket, which belongs to no request.
  fastify.addHook('preHandler', (request, _reply, done) => {
    const span = spans.get(request);
    if (span) runWithin(span.spanContext(), done);
    else done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request);
    if (span) ended(span, request, reply);
    done();
  });
}

function ended(span: Span, request: FastifyRequest, { statusCode, elapsedTime }: FastifyReply): void {
  const [route, status] = [routeOf(request), `${Math.floor(statusCode / 100)}xx`];
  const key = `${request.method} ${status} ${route}`;
  let observer = observers.get(key);
  if (!observer) observers.set(key, (observer = seconds.labels({ method: request.method, route, status })));
  observer.observe(elapsedTime / 1_000);
  if (span.isRecording()) span.setAttributes({ 'http.request.method': request.method, 'http.route': route, 'http.response.status_code': statusCode });
  span.end();
}

/** Never the path itself: there are as many as people ask for. */
const routeOf = ({ routeOptions }: FastifyRequest): string => routeOptions.url ?? 'none';

const single = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);
