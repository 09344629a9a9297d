/** Injection token of the event bus: an interface has no class to stand for it. */
export const BUS = Symbol('EventBus');
/** Injection token of the local actors' documents in Redis: null without Redis. */
export const DOCUMENTS = Symbol('RedisDocuments');
