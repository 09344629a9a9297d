import { type Attributes, context, ROOT_CONTEXT, type Span, type SpanContext, SpanKind, SpanStatusCode, trace, TraceFlags, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { newSpanId, newTraceId } from './ids.ts';
import { formatTraceparent } from './traceparent.ts';

export { type Span, type SpanContext, SpanKind };

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

/** Null while nobody wants to see spans: then they are ids alone, which cost next to nothing. */
let exporting: Tracer | null = null;

/** From now on spans are made by `tracer`; null: ids only. */
export function exportSpansBy(tracer: Tracer | null): void {
  exporting = tracer;
}

/** Whether somebody collects spans. */
export const spansAreExported = (): boolean => exporting !== null;

export interface SpanOptions {
  readonly kind?: SpanKind;
  /** Default: the active span. Null: a trace begins here. */
  readonly parent?: SpanContext | null;
  /** Few and low in cardinality; never text of statuses, keys or tokens. */
  readonly attributes?: Attributes;
}

/** The span that is active here; null outside of any. */
export const activeSpan = (): SpanContext | null => trace.getSpanContext(context.active()) ?? null;

/** Value of the `traceparent` header of what is sent from here; null outside of any trace. */
export function activeTraceparent(): string | null {
  const active = activeSpan();
  return active && formatTraceparent(active);
}

/** Begins a span; end it with `end()`. It is only recorded when somebody collects spans and its trace is sampled (`isRecording`). */
export function startSpan(name: string, { kind = SpanKind.INTERNAL, parent = activeSpan(), attributes }: SpanOptions = {}): Span {
  if (exporting) return exporting.startSpan(name, { kind, attributes }, parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT);
  return trace.wrapSpanContext({ traceId: parent?.traceId ?? newTraceId(), spanId: newSpanId(), traceFlags: parent?.traceFlags ?? TraceFlags.NONE });
}

/**
 * A span for one of many things that are done at once, such as the messages of a batch.
 * @returns null when it would not be recorded: then what follows goes on under `parent` itself, for free.
 */
export function startRecordedSpan(name: string, options: SpanOptions & { readonly parent: SpanContext }): Span | null {
  if (!exporting) return null;
  const span = startSpan(name, options);
  return span.isRecording() ? span : null;
}

/** Runs `work` with that span active, and what `work` starts too. Does not end it. */
export const runWithin = <T>(span: SpanContext, work: () => T): T => context.with(trace.setSpanContext(ROOT_CONTEXT, span), work);

/** A span around `work`; marked as failed when that rejects. */
export async function withSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const span = startSpan(name, options);
  try {
    return await runWithin(span.spanContext(), () => work(span));
  } catch (error) {
    failed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Only the kind of error: messages of errors may quote what people wrote. */
export function failed(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'not an Error' });
}
