export { statusStoreEntities, CurrentStatusEntity, ProjectionOffsetEntity, StatusEventEntity, StatusHistoryEntity } from './schema/entities.ts';
export { statusStoreMigrations } from './schema/migrations.ts';
export { StatusProjection, type ActorVersion, type Applied } from './projection/status-projection.ts';
export { loadOffset, type PartitionPosition } from './offsets.ts';
export { sweepExpired } from './sweep-expired.ts';
export { StatusReader, type PageRequest, type StatusLookup } from './reader/status-reader.ts';
export type { ReadEvent } from './reader/log-reader.ts';
export type { ReadStatus } from './reader/read-status.ts';
export type { Page } from './reader/cursor.ts';
