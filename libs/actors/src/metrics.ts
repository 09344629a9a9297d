import { counter } from '@heliograph/platform';

const lookups = counter('heliograph_actor_cache_total', 'Look-ups of remote actors and their keys, by what was found without asking the other server.', ['what', 'result']);
const fetches = counter('heliograph_actor_fetch_total', 'Documents fetched from other servers, by what came of it.', ['document', 'outcome']);

/**
 * - `hit`: known, and fresh enough
 * - `miss`: asked the other server
 * - `negative`: known to fail, not asked again yet
 * - `stale`: the other server did not answer; what was known had to do
 * - `refetch`: asked the other server although it was known
 */
export type LookupResult = 'hit' | 'miss' | 'negative' | 'stale' | 'refetch';

export const countLookup = (what: 'actor' | 'key' | 'handle', result: LookupResult): void => lookups.inc({ what, result });
export const countFetch = (document: 'activity' | 'collection' | 'web-finger', outcome: string): void => fetches.inc({ document, outcome });

const documents = counter('heliograph_actor_document_total', 'Local actor documents asked for, by where they came from.', ['from', 'result']);
const refusedWrites = counter('heliograph_actor_document_refused_total', 'Local actor documents not put into Redis, because the actor changed while they were being written.');

/**
 * - `hit`: ready bytes
 * - `negative`: a name that nobody has
 * - `miss`: written anew
 *
 * From `redis`, or from `database` when there is no Redis, or it is away: then PostgreSQL has told that the bytes are the newest.
 */
export const countDocument = (from: 'redis' | 'database', result: 'hit' | 'negative' | 'miss'): void => documents.inc({ from, result });
export const countRefused = (): void => refusedWrites.inc();
