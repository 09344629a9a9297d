import { createDelivery } from '@heliograph/delivery';
import { drain, openEngines, type Service } from '@heliograph/engines';
import { createGateway } from '@heliograph/gateway';
import { createInboxIngest } from '@heliograph/inbox-ingest';
import { collectProcessMetrics, type Config, Health, type Readiness, readinessBody, readinessStatus, startTracing } from '@heliograph/platform';
import { createStatusProjection } from '@heliograph/status-projection';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AllInOne {
  readonly config: Config;
  readonly port: number;
  /** Graceful: requests and batches in hand are finished, PostgreSQL is stopped. */
  stop(): Promise<void>;
}

/** PostgreSQL connections of the whole process: memory is what this composition is modest with. */
const POOL_SIZE = 4;

/** The four services in one process and on one port: the same applications that run apart in production. */
export async function startAllInOne(config: Config): Promise<AllInOne> {
  const stopTracing = await startTracing(config, 'heliograph');
  const engines = await openEngines(config, { poolSize: POOL_SIZE, supervise: true });
  collectProcessMetrics();
  const projection = await createStatusProjection(engines);
  const delivery = await createDelivery(engines);
  const gateway = await createGateway(engines);
  const inbox = await createInboxIngest(engines);
  const services = { gateway, 'inbox-ingest': inbox, 'status-projection': projection, delivery };
  const server = await listen(config, {
    gateway: await handlerOf(gateway),
    inbox: await handlerOf(inbox),
    ready: () => readiness(services),
  });
  return {
    config,
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const { health } of Object.values(services)) health.stopping();
      await drain(server);
      const closed = new Promise((resolve) => server.close(resolve));
      // From the edge inwards: no new requests, then no new work, then the engines.
      await gateway.app.close();
      await inbox.app.close();
      server.closeIdleConnections();
      await closed;
      await projection.app.close();
      await delivery.app.close();
      await engines.close();
      await stopTracing();
    },
  };
}

interface Handlers {
  readonly gateway: RequestListener;
  readonly inbox: RequestListener;
  readonly ready: () => Promise<Readiness>;
}

/** Inbox paths go to inbox-ingest, as the reverse proxy of a larger installation sends them. */
const INBOX = /^\/(?:users\/[^/?]+\/)?inbox(?:\?|$)/;

function listen(config: Config, { gateway, inbox, ready }: Handlers): Promise<Server> {
  const route = (request: IncomingMessage): RequestListener => (INBOX.test(request.url ?? '') ? inbox : gateway);
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 20_000 }, (request, response) => {
    if (request.method === 'GET' && request.url === '/readyz') void ready().then((report) => sendReadiness(response, report));
    else route(request)(request, response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      reject(inUse ? new Error(`port ${config.http.port} is in use: stop what uses it, or set HELIO_PORT (and HELIO_PUBLIC_URL) to another`) : error);
    });
    server.listen(config.http.port, config.http.host, () => resolve(server));
  });
}

function sendReadiness(response: ServerResponse, report: Readiness): void {
  response.writeHead(readinessStatus(report), { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(readinessBody(report)));
}

async function handlerOf({ app }: Service): Promise<RequestListener> {
  await app.init();
  const fastify = app.getHttpAdapter().getInstance();
  await fastify.ready();
  return (request, response) => fastify.routing(request, response);
}

/** Ready when all four are; each check under the name of its service. */
async function readiness(services: Readonly<Record<string, { readonly health: Health }>>): Promise<Readiness> {
  const reports = await Promise.all(Object.entries(services).map(async ([name, { health }]) => [name, await health.readiness()] as const));
  return {
    ready: reports.every(([, { ready }]) => ready),
    checks: Object.fromEntries(reports.flatMap(([name, { checks }]) => Object.entries(checks).map(([check, result]) => [`${name}/${check}`, result]))),
  };
}
