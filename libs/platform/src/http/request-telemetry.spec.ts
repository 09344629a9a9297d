import { fastify as createFastify, type FastifyInstance } from 'fastify';
import { registry } from '../metrics.ts';
import { activeSpan } from '../tracing/tracing.ts';
import { observeRequests } from './request-telemetry.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;

describe('What is seen of requests', () => {
  let fastify: FastifyInstance;

  beforeEach(async () => {
    registry.resetMetrics();
    fastify = createFastify();
    observeRequests(fastify);
    const answer = async (): Promise<object> => ({ trace: activeSpan()?.traceId ?? null });
    fastify.get('/users/:name', answer);
    fastify.post('/users/:name', async () => {
      await new Promise(setImmediate);
      return answer();
    });
    fastify.get('/healthz', answer);
    fastify.get('/broken', async () => Promise.reject(new Error('broken')));
    await fastify.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(() => fastify.close());

  const ask = async (path: string, init: RequestInit = {}): Promise<{ trace: string | null }> => {
    const response = await fetch(`http://127.0.0.1:${(fastify.addresses()[0] as { port: number }).port}${path}`, init);
    return (await response.json()) as { trace: string | null };
  };
  const counts = async (): Promise<Record<string, number>> => {
    const { values } = await registry.getSingleMetric('heliograph_http_request_seconds')!.get();
    const ofRequests = values.filter((value) => 'metricName' in value && String(value.metricName).endsWith('_count'));
    return Object.fromEntries(ofRequests.map(({ labels, value }) => [`${labels['method']} ${labels['route']} ${labels['status']}`, value]));
  };

  test('the trace of a request goes on in its handler, also when it came with a body; without one it begins there', async () => {
    expect(await ask('/users/alice', { headers: { traceparent } })).toEqual({ trace: TRACE });
    const body = JSON.stringify({ text: 'x'.repeat(200_000) });
    expect(await ask('/users/alice', { method: 'POST', body, headers: { traceparent, 'content-type': 'application/json' } })).toEqual({ trace: TRACE });
    const [first, second] = [await ask('/users/alice'), await ask('/users/alice')];
    expect(first.trace).toMatch(/^[0-9a-f]{32}$/);
    expect(second.trace).not.toBe(first.trace);
  });

  test('requests at the same time keep their traces apart', async () => {
    const traces = Array.from({ length: 20 }, (_, i) => String(i + 1).padStart(32, '0'));
    const answers = await Promise.all(traces.map((trace) => ask('/users/alice', { method: 'POST', headers: { traceparent: `00-${trace}-00f067aa0ba902b7-00` } })));
    expect(answers.map(({ trace }) => trace)).toEqual(traces);
  });

  test('durations are counted by route, not by path, and those of probes not at all', async () => {
    await Promise.all(['/users/alice', '/users/bob', '/healthz', '/broken', '/no/such/page'].map((path) => ask(path)));
    expect(await counts()).toEqual({ 'GET /users/:name 2xx': 2, 'GET /broken 5xx': 1, 'GET none 4xx': 1 });
    expect(await ask('/healthz')).toEqual({ trace: null });
  });
});
