import { randomFillSync } from 'node:crypto';

const TRACE_BYTES = 16;
const SPAN_BYTES = 8;
/** Drawn ahead: one call for many ids. */
const pool = Buffer.allocUnsafe(4_096);
let used = pool.length;

function hex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return pool.toString('hex', used, (used += bytes));
}

/** All zeros would mean "none"; that comes up less often than anything else that could go wrong. */
export const newTraceId = (): string => hex(TRACE_BYTES);
export const newSpanId = (): string => hex(SPAN_BYTES);
