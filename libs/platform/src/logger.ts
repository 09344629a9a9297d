import { pino, type Logger } from 'pino';

export type { Logger };

const root = pino({ level: process.env['HELIO_LOG_LEVEL'] || 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } }, pino.destination({ fd: 2, sync: true }));

/** JSON lines on standard error; `component` names the library or service. Log ids and reasons, never text of statuses, keys or tokens. */
export const createLogger = (component: string): Logger => root.child({ component });
