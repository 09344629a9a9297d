import { QueryFailedError } from 'typeorm';

const UNIQUE_VIOLATION = '23505';
const DEADLOCK = '40P01';

/**
 * Whether a batch failed only because somebody else wrote about the same actors at the same time, and they were new to both: who comes
 * first makes their rows, and the other, begun anew, finds them there. After a rebalance, when a former owner is still at it.
 */
export function isCollision(error: unknown): boolean {
  const code = error instanceof QueryFailedError ? (error.driverError as { readonly code?: string }).code : undefined;
  return code === UNIQUE_VIOLATION || code === DEADLOCK;
}
