import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';
import { activeSpan, activeTraceparent, exportSpansBy, runWithin, type SpanContext, startRecordedSpan, startSpan, withSpan } from './tracing.ts';

const upstream: SpanContext = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1, isRemote: true };

describe('Spans', () => {
  afterEach(() => exportSpansBy(null));

  const collect = (sampled = 1): (() => readonly ReadableSpan[]) => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ sampler: new TraceIdRatioBasedSampler(sampled), spanProcessors: [new SimpleSpanProcessor(exporter)] });
    exportSpansBy(provider.getTracer('spec'));
    return () => exporter.getFinishedSpans();
  };

  test('that nobody collects are ids: a trace begins or goes on, and is active in what is started within', async () => {
    expect(activeTraceparent()).toBeNull();
    const ids = await withSpan('outer', {}, async (outer) => {
      await new Promise(setImmediate);
      expect(activeSpan()).toEqual(outer.spanContext());
      return withSpan('inner', {}, async () => [outer.spanContext(), activeSpan()!] as const);
    });
    expect(ids[0].traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(ids[1].traceId).toBe(ids[0].traceId);
    expect(ids[1].spanId).not.toBe(ids[0].spanId);
    expect(startSpan('next', { parent: upstream }).spanContext()).toMatchObject({ traceId: upstream.traceId, traceFlags: 1 });
    expect(startRecordedSpan('next', { parent: upstream })).toBeNull();
    expect(activeSpan()).toBeNull();
  });

  test('ids differ, however many there are', () => {
    const ids = Array.from({ length: 2_000 }, () => startSpan('one', { parent: null }).spanContext());
    expect(new Set(ids.map(({ traceId }) => traceId)).size).toBe(2_000);
    expect(new Set(ids.map(({ spanId }) => spanId)).size).toBe(2_000);
  });

  test('that are collected have their parents, and say that their work failed, not what it said', async () => {
    const finished = collect();
    const failing = runWithin(upstream, () => withSpan('outer', {}, async () => withSpan('inner', {}, async () => Promise.reject(new TypeError('what alice wrote')))));
    await expect(failing).rejects.toThrow('what alice wrote');
    const [inner, outer] = finished();
    expect([outer!.name, outer!.parentSpanContext?.spanId]).toEqual(['outer', upstream.spanId]);
    expect([inner!.name, inner!.parentSpanContext?.spanId]).toEqual(['inner', outer!.spanContext().spanId]);
    expect(inner!.status.message).toBe('TypeError');
    expect(JSON.stringify(finished().map(({ status, events, attributes }) => [status, events, attributes]))).not.toContain('alice');
  });

  test('of a trace that is not sampled are not recorded, and the trace goes on', () => {
    const finished = collect(0);
    expect(startRecordedSpan('one', { parent: upstream })).toBeNull();
    const span = startSpan('one', { parent: upstream });
    span.end();
    expect(span.spanContext()).toMatchObject({ traceId: upstream.traceId, traceFlags: 0 });
    expect(finished()).toEqual([]);
  });
});
