export { type ActorCache, MemoryActorCache, type MemoryActorCacheOptions } from './actor-cache.ts';
export { documentFetcher, type DocumentFetcherOptions, type DocumentKind, type FetchDocument, type FetchOutcome } from './documents.ts';
export { actorsMigrations } from './migrations/1763900300000-create-remote-actor.ts';
export type { ActorOutcome, Failure, Gone, KeyOutcome, Refused, Unavailable } from './outcomes.ts';
export type { RemoteActor } from './remote-actor.ts';
export { actorsEntities } from './remote-actor.entity.ts';
export { RemoteActors, type RemoteActorsOptions } from './remote-actors.ts';
