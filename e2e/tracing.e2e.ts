import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually, RemoteServer, SeparateServices, SERVICES } from '@heliograph/testkit';

interface CollectedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}
interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<CollectedSpan, 'service'>[] }[];
  }[];
}

/** An OpenTelemetry collector: takes OTLP over HTTP, in JSON. */
class Collector {
  readonly spans: CollectedSpan[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (request.url === '/v1/traces') this.#take(JSON.parse(Buffer.concat(chunks).toString()) as TraceRequest);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }

  static async start(): Promise<Collector> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Collector(server);
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #take({ resourceSpans }: TraceRequest): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
      this.spans.push(...scopeSpans.flatMap(({ spans }) => spans.map(({ name, traceId, spanId, parentSpanId }) => ({ service, name, traceId, spanId, parentSpanId }))));
    }
  }
}

const UPSTREAM = '00f067aa0ba902b7';
const traceId = (n: number): string => String(n).padStart(32, '0');
const traceparent = (n: number, flags: '00' | '01'): { traceparent: string } => ({ traceparent: `00-${traceId(n)}-${UPSTREAM}-${flags}` });

describe('One trace through all services', () => {
  let collector: Collector;
  let remote: RemoteServer;
  let services: SeparateServices;
  let alice: { readonly id: string; readonly token: string };
  let bob: ReturnType<RemoteServer['addPerson']>;

  beforeAll(async () => {
    [collector, remote] = await Promise.all([Collector.start(), RemoteServer.start()]);
    services = await SeparateServices.prepare(() => ({ HELIO_LOG_LEVEL: 'debug', OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_BSP_SCHEDULE_DELAY: '100' }));
    await services.helio('migrate');
    await Promise.all(SERVICES.map((service) => services.start(service)));
    alice = await services.createAccount('alice');
    bob = remote.addPerson('bob');
    const follow = { '@context': 'https://www.w3.org/ns/activitystreams', type: 'Follow', id: `${bob.id}/follows/1`, actor: bob.id, object: alice.id };
    expect((await remote.deliver(bob, `${alice.id}/inbox`, follow, traceparent(1, '01'))).status).toBe(202);
    await remote.waitFor(({ type }) => type === 'Accept');
  }, 120_000);
  afterAll(async () => {
    await services?.dispose();
    await remote?.stop();
    collector?.stop();
  }, 60_000);

  /** `service: name`, with what it was caused by; once all of `names` are there. */
  const treeOf = (trace: number, names: readonly string[]): Promise<ReadonlyMap<string, string>> =>
    eventually(() => {
      const spans = collector.spans.filter((span) => span.traceId === traceId(trace));
      const title = ({ service, name }: CollectedSpan): string => `${service}: ${name}`;
      const byId = new Map(spans.map((span) => [span.spanId, title(span)]));
      const tree = new Map(spans.map((span) => [title(span), span.parentSpanId === UPSTREAM ? 'upstream' : (byId.get(span.parentSpanId ?? '') ?? 'missing')]));
      expect([...tree.keys()]).toEqual(expect.arrayContaining([...names]));
      return tree;
    });
  const publish = async (content: string, headers: Record<string, string>): Promise<void> => {
    const { status, body } = await services.api('PUT', '/api/status', alice.token, { content }, headers);
    expect([200, 202]).toContain(status);
    const { headers: received } = await remote.waitFor(({ type, object }) => type === 'Create' && (object as { id: string }).id === body.status.id);
    // Nothing of it is told to other servers.
    expect(Object.keys(received).filter((name) => /^(?:trace|baggage|b3)/.test(name))).toEqual([]);
  };
  const servicesThatLogged = (trace: number): Set<string> => new Set(services.logged.filter((line) => line['trace_id'] === traceId(trace)).map(({ process }) => process));

  test('a status set here: from the request to the POST to a follower', async () => {
    await publish('one', traceparent(2, '01'));
    const expected = {
      'gateway: PUT /api/status': 'upstream',
      'gateway: publish status.submitted.v1': 'gateway: PUT /api/status',
      'status-projection: process status.submitted.v1': 'gateway: publish status.submitted.v1',
      'delivery: process status.recorded.v1': 'status-projection: process status.submitted.v1',
      'delivery: deliver status': 'delivery: process status.recorded.v1',
    };
    expect(Object.fromEntries(await treeOf(2, Object.keys(expected)))).toMatchObject(expected);
    await eventually(() => expect(servicesThatLogged(2)).toEqual(new Set(['gateway', 'status-projection', 'delivery'])));
  }, 60_000);

  test('a status from elsewhere: from the inbox to the log', async () => {
    const object = { type: 'ActorStatus', id: `${bob.id}/statuses/1`, attributedTo: bob.id, content: 'from elsewhere', published: '2026-01-01T00:00:00Z' };
    expect((await remote.deliver(bob, `${services.origin}/inbox`, { type: 'Create', actor: bob.id, object }, traceparent(3, '01'))).status).toBe(202);
    const expected = {
      'inbox-ingest: POST /inbox': 'upstream',
      'inbox-ingest: publish status.submitted.v1': 'inbox-ingest: POST /inbox',
      'status-projection: process status.submitted.v1': 'inbox-ingest: publish status.submitted.v1',
      'delivery: process status.recorded.v1': 'status-projection: process status.submitted.v1',
    };
    expect(Object.fromEntries(await treeOf(3, Object.keys(expected)))).toMatchObject(expected);
    await eventually(() => expect(servicesThatLogged(3)).toEqual(new Set(['inbox-ingest', 'status-projection'])));
  }, 60_000);

  test('a follow: the answer belongs to it', async () => {
    const expected = {
      'inbox-ingest: POST /users/:name/inbox': 'upstream',
      'delivery: process graph.v1': 'inbox-ingest: publish graph.v1',
      'delivery: deliver accept': 'delivery: process graph.v1',
    };
    expect(Object.fromEntries(await treeOf(1, Object.keys(expected)))).toMatchObject(expected);
  });

  test('a trace that is not sampled is in the logs, and nowhere else', async () => {
    await publish('two', traceparent(4, '00'));
    await eventually(() => expect(servicesThatLogged(4)).toEqual(new Set(['gateway', 'status-projection', 'delivery'])));
    await publish('three', traceparent(5, '01'));
    await treeOf(5, ['delivery: deliver status']);
    expect(collector.spans.filter((span) => span.traceId === traceId(4))).toEqual([]);
  }, 60_000);

  test('nothing that people wrote is in the spans', () => {
    expect(collector.spans.length).toBeGreaterThan(0);
    expect(JSON.stringify(collector.spans)).not.toMatch(/from elsewhere|three/);
  });
});
