import { BusUnavailableError } from '../port.ts';
import { DependencyAwayError, UnknownMessageError } from './errors.ts';

/** Who is to blame for a failure, and so what becomes of the message: it waits for the dependency, for a deploy, or it is set aside. */
export type Blame = 'dependency' | 'unknown-message' | 'message';

/** Of sockets and name resolution. */
const AWAY_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
  'ENFILE',
]);

/**
 * SQLSTATE classes that speak of the server and the schema, never of the data of one message: connection (08), read-only standby and
 * timeouts of transactions (25006, 25P03, 25P04), credentials (28), catalogue (3D, 3F, 42: a migration is missing), serialization and
 * deadlock (40), resources (53), locks (55), intervention and statement timeout (57), disk (58).
 */
const AWAY_SQLSTATE = /^(?:08|28|3D|3F|40|42|53|55|57|58)...$|^(?:25006|25P03|25P04)$/;

/** The PostgreSQL driver gives these no code. */
const AWAY_MESSAGES =
  /^(?:timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Client was closed and is not queryable|Query read timeout|Cannot use a pool after calling end|timeout expired$)/;

/** Errors that tell more about an error: its causes, the parts of an AggregateError, what the driver said to TypeORM. */
function within(error: object): unknown[] {
  const { cause, errors, driverError } = error as { cause?: unknown; errors?: unknown; driverError?: unknown };
  return [cause, driverError, ...(Array.isArray(errors) ? (errors as unknown[]) : [])];
}

/** The error and all that is within it. */
function* layers(error: unknown, depth = 0): Generator<object> {
  if (typeof error !== 'object' || error === null || depth > 8) return;
  yield error;
  for (const inner of within(error)) yield* layers(inner, depth + 1);
}

function isAway(error: object): boolean {
  if (error instanceof DependencyAwayError || error instanceof BusUnavailableError) return true;
  const { code, message, severity } = error as { code?: unknown; message?: unknown; severity?: unknown };
  if (typeof code === 'string') {
    if (AWAY_CODES.has(code)) return true;
    // Only a server's answer has a severity: "42..." of another library means something else.
    if (severity !== undefined && AWAY_SQLSTATE.test(code)) return true;
  }
  return typeof message === 'string' && AWAY_MESSAGES.test(message);
}

/** What an unknown error means is decided against the message, so that it cannot stop a partition for ever. */
export function blameOf(error: unknown): Blame {
  const all = [...layers(error)];
  if (all.some((layer) => layer instanceof UnknownMessageError)) return 'unknown-message';
  return all.some(isAway) ? 'dependency' : 'message';
}
