import { exportSpansBy, parseTraceparent, runWithin, TRACEPARENT } from '@heliograph/platform';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Batch, BusMessage, ReceivedMessage } from './port.ts';
import { followingTrace, handleTraced, inTraceOf, publishTraced } from './trace.ts';

const traceparent = (n: number, flags = '01'): string => `00-${String(n).padStart(32, '0')}-00f067aa0ba902b7-${flags}`;
const received = (n: number, headers: Record<string, string>): ReceivedMessage => ({ key: 'k', value: String(n), headers, offset: BigInt(n), timestamp: 0 });
const batchOf = (...messages: ReceivedMessage[]): Batch => ({ topic: 'events', partition: 0, messages });

const published = async (messages: readonly BusMessage[]): Promise<readonly BusMessage[]> => {
  let sent: readonly BusMessage[] = [];
  await publishTraced('events', messages, async (traced) => void (sent = traced));
  return sent;
};

describe('Traces through the event bus', () => {
  afterEach(() => exportSpansBy(null));
  const collect = (): InMemorySpanExporter => {
    const exporter = new InMemorySpanExporter();
    exportSpansBy(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer('spec'));
    return exporter;
  };

  test('what is published within a trace carries it, unless it has one of its own; outside of any, nothing is added', async () => {
    const messages: readonly BusMessage[] = [{ key: 'a', value: '1' }, { key: 'b', value: '2', headers: { other: 'x' } }, { key: 'c', value: '3', headers: { [TRACEPARENT]: traceparent(9) } }];
    expect(await published(messages)).toEqual(messages);
    const sent = await runWithin(parseTraceparent(traceparent(1))!, () => published(messages));
    expect(sent.map(({ headers }) => headers)).toEqual([{ traceparent: traceparent(1) }, { other: 'x', traceparent: traceparent(1) }, { traceparent: traceparent(9) }]);
  });

  test('a message that follows from another belongs to its trace, and so does what is done for it alone', async () => {
    const message = received(1, { other: 'x', [TRACEPARENT]: traceparent(1) });
    expect(followingTrace(message)).toEqual({ headers: { [TRACEPARENT]: traceparent(1) } });
    expect(followingTrace(received(1, {}))).toEqual({});
    expect(await inTraceOf(message, () => published([{ key: 'k', value: 'v' }]))).toMatchObject([{ headers: { [TRACEPARENT]: traceparent(1) } }]);
    expect(await inTraceOf(received(1, {}), () => published([{ key: 'k', value: 'v' }]))).toEqual([{ key: 'k', value: 'v' }]);
  });

  test('a batch of one is handled within its trace, a batch of many in none', async () => {
    const [first, second] = [received(1, { [TRACEPARENT]: traceparent(1) }), received(2, { [TRACEPARENT]: traceparent(2) })];
    const sent: (readonly BusMessage[])[] = [];
    const handle = async (): Promise<void> => void sent.push(await published([{ key: 'k', value: 'v' }]));
    await handleTraced(batchOf(first), 'group', handle);
    await handleTraced(batchOf(first, second), 'group', handle);
    expect(sent).toEqual([[{ key: 'k', value: 'v', headers: { [TRACEPARENT]: traceparent(1) } }], [{ key: 'k', value: 'v' }]]);
  });

  test('when spans are collected, each message of a sampled trace has one, and what follows from it has that for a parent', async () => {
    const exporter = collect();
    const messages = [received(1, { [TRACEPARENT]: traceparent(1) }), received(2, { [TRACEPARENT]: traceparent(2, '00') }), received(3, {})];
    let handed: readonly ReceivedMessage[] = [];
    await handleTraced(batchOf(...messages), 'group', async (batch) => void (handed = batch.messages));
    const spans = exporter.getFinishedSpans();
    expect(spans.map(({ name, parentSpanContext }) => [name, parentSpanContext])).toEqual([['process events', parseTraceparent(traceparent(1))]]);
    expect(parseTraceparent(handed[0]!.headers[TRACEPARENT])).toMatchObject({ traceId: spans[0]!.spanContext().traceId, spanId: spans[0]!.spanContext().spanId });
    expect(handed.slice(1)).toEqual(messages.slice(1));
  });

  test('a handler that fails and a publish that fails are seen as failed', async () => {
    const exporter = collect();
    const failing = async (): Promise<never> => Promise.reject(new TypeError('what alice wrote'));
    await expect(handleTraced(batchOf(received(1, { [TRACEPARENT]: traceparent(1) })), 'group', () => publishTraced('other', [{ key: 'k', value: 'v' }], failing))).rejects.toThrow(TypeError);
    expect(exporter.getFinishedSpans().map(({ name, status }) => [name, status.message])).toEqual([['publish other', 'TypeError'], ['process events', 'TypeError']]);
  });
});
