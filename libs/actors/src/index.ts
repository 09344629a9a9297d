export { type ActorCache, MemoryActorCache, type MemoryActorCacheOptions } from './actor-cache.ts';
export { documentFetcher, type DocumentFetcherOptions, type DocumentKind, type FetchDocument, type FetchOptions, type FetchOutcome } from './documents.ts';
export type { KeyOptions } from './key-resolver.ts';
export { actorsMigrations } from './migrations/1763900300000-create-remote-actor.ts';
export type { ActorOutcome, Failure, Gone, KeyOutcome, Refused, Unavailable } from './outcomes.ts';
export { RedisActorCache } from './redis-actor-cache.ts';
export type { RemoteActor } from './remote-actor.ts';
export { actorsEntities } from './remote-actor.entity.ts';
export { RemoteActors, type RemoteActorsOptions } from './remote-actors.ts';
