import { activeSpan, activeTraceparent, failed, formatTraceparent, parseTraceparent, runWithin, type Span, type SpanContext, SpanKind, spansAreExported, startRecordedSpan, TRACEPARENT } from '@heliograph/platform';
import type { Batch, BusMessage, ReceivedMessage } from './port.ts';

type Headers = Pick<ReceivedMessage, 'headers'>;

/** The trace that a message belongs to; null when it does not say. */
export const traceOf = ({ headers }: Headers): SpanContext | null => parseTraceparent(headers[TRACEPARENT]);

/** For a message that follows from `message`, published where the work is on many at once: it belongs to the same trace. */
export function followingTrace({ headers }: Headers): Pick<BusMessage, 'headers'> {
  const traceparent = headers[TRACEPARENT];
  return traceparent === undefined ? {} : { headers: { [TRACEPARENT]: traceparent } };
}

/** Runs `work` as part of the message's trace, so that logs, and what is published, belong to it. */
export function inTraceOf<T>(message: Headers, work: () => T): T {
  const trace = traceOf(message);
  return trace ? runWithin(trace, work) : work();
}

/** Publishes as part of the active trace: the messages carry it, unless they have one of their own. */
export async function publishTraced(topic: string, messages: readonly BusMessage[], publish: (messages: readonly BusMessage[]) => Promise<void>): Promise<void> {
  const parent = activeSpan();
  if (!parent) return publish(messages);
  const span = startRecordedSpan(`publish ${topic}`, { kind: SpanKind.PRODUCER, parent, attributes: { 'messaging.destination.name': topic } });
  const traceparent = span ? formatTraceparent(span.spanContext()) : activeTraceparent()!;
  const traced = messages.map((message) => (message.headers?.[TRACEPARENT] === undefined ? { ...message, headers: { ...message.headers, [TRACEPARENT]: traceparent } } : message));
  try {
    await publish(traced);
  } catch (error) {
    if (span) failed(span, error);
    throw error;
  } finally {
    span?.end();
  }
}

/**
 * Hands a batch to its handler, with a span for each message whose trace is recorded; what follows from the message then follows from that
 * span. A message that comes alone is handled within its trace; a batch of many is in none.
 */
export async function handleTraced(batch: Batch, group: string, handle: (batch: Batch) => Promise<void>): Promise<void> {
  const spans: Span[] = [];
  const withSpan = (message: ReceivedMessage): ReceivedMessage => {
    const parent = traceOf(message);
    const attributes = { 'messaging.destination.name': batch.topic, 'messaging.consumer.group.name': group };
    const span = parent && startRecordedSpan(`process ${batch.topic}`, { kind: SpanKind.CONSUMER, parent, attributes });
    if (!span) return message;
    spans.push(span);
    return { ...message, headers: { ...message.headers, [TRACEPARENT]: formatTraceparent(span.spanContext()) } };
  };
  const messages = spansAreExported() ? batch.messages.map(withSpan) : batch.messages;
  const [first, second] = messages;
  try {
    if (first && !second) await inTraceOf(first, () => handle({ ...batch, messages }));
    else await handle({ ...batch, messages });
  } catch (error) {
    for (const span of spans) failed(span, error);
    throw error;
  } finally {
    for (const span of spans) span.end();
  }
}
