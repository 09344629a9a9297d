import type { SpanContext } from '@opentelemetry/api';

/** Name of the header in HTTP and in messages (W3C Trace Context, section 3.2). */
export const TRACEPARENT = 'traceparent';
const FORM = /^([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Who is upstream, as the header says; null when it says nothing that can be used (W3C Trace Context, section 3.2.2). */
export function parseTraceparent(header: string | undefined | null): SpanContext | null {
  const found = header ? FORM.exec(header) : null;
  // Version ff is forbidden, and only later versions than ours may have more fields.
  if (!found || found[1] === 'ff' || (found[1] === '00' && found[5] !== undefined)) return null;
  return { traceId: found[2]!, spanId: found[3]!, traceFlags: Number.parseInt(found[4]!, 16), isRemote: true };
}

/** `tracestate` is not passed on: what others keep in it is about their own part. */
export const formatTraceparent = ({ traceId, spanId, traceFlags }: SpanContext): string => `00-${traceId}-${spanId}-${traceFlags & 1 ? '01' : '00'}`;
