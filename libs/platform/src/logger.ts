import { pino, type Logger } from 'pino';
import { activeSpan } from './tracing/tracing.ts';

export type { Logger };

/** Read here and not from the configuration, so that its own errors can be logged; a level that does not exist is refused there. */
const level = process.env['HELIO_LOG_LEVEL'];
const known = level === 'silent' || (level !== undefined && level in pino.levels.values);
const root = pino(
  {
    level: known ? level : 'info',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
    mixin: () => {
      const span = activeSpan();
      return span ? { trace_id: span.traceId, span_id: span.spanId } : {};
    },
  },
  pino.destination({ fd: 2, sync: true }),
);

/** JSON lines on standard error; `component` names the library or service; within a trace, they name that too. Log ids and reasons, never text of statuses, keys or tokens. */
export const createLogger = (component: string): Logger => root.child({ component });
