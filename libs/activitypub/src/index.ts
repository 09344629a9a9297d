export * from './media-types.ts';
export * from './urls.ts';
export { ACTIVITY_STREAMS, ACTOR_CONTEXT, ACTOR_TYPES, PUBLIC, STATUS_CONTEXT, type ActorType } from './vocabulary.ts';

export { readActivity } from './read/activity.ts';
export type * from './read/activity-kinds.ts';
export { readActor, type ReadActor } from './read/actor.ts';
export { readCollectionPart, readHistoryItem, statusHistoryOf, type CollectionPart, type HistoryItem } from './read/collection.ts';
export { MAX_IRI_BYTES, readIri, readReference, type Invalid, type JsonObject } from './read/json.ts';
export { readKeyDocument, type PublicKey } from './read/key-document.ts';
export { checkReceived, MAX_RECEIVED_BYTES, MAX_RECEIVED_GRAPHEMES, publishedEvent, readStatus, type ReadStatus } from './read/status.ts';
export { readWebFinger, type ReadWebFinger } from './read/web-finger.ts';

export * from './write/activities.ts';
export * from './write/actor.ts';
export * from './write/collections.ts';
export * from './write/discovery.ts';
export * from './write/node-info.ts';
export { statusDocument, statusObject, type RetractedStatus, type StatusObject, type WritableStatus } from './write/status.ts';
