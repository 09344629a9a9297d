import type { ClearedAs, StatusContent, StatusEvent } from '@heliograph/status';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

const KINDS = ['StatusPublished', 'StatusRemoved', 'StatusDeleted', 'StatusSeenAbsent', 'HistoryErased', 'ActorDeleted'];
const kind = { type: 'enum', enum: KINDS, enumName: 'status_event_kind' } as const;
const origin = { type: 'enum', enum: ['local', 'remote'], enumName: 'status_origin' } as const;
const cleared = { type: 'enum', enum: ['deleted', 'removed', 'absent'], enumName: 'status_cleared_as' } as const;
const text = { type: 'text', collation: 'C' } as const;

type Origin = StatusEvent['metadata']['origin'];

/** One fact of the append-only log. A trigger refuses every change but `content` → null. */
@Entity('status_event')
@Index('status_event_by_status', ['actor', 'status_id', 'kind', 'published_key'])
@Index('status_event_local', { synchronize: false })
export class StatusEventEntity {
  @PrimaryColumn(text) actor!: string;
  @PrimaryColumn('uuid') event_id!: string;
  /** Order of writing; of use within one actor only. */
  @Column({ type: 'bigint', generated: 'identity', generatedIdentity: 'ALWAYS' }) position!: string;
  @Column('timestamptz') received_at!: Date;
  @Column({ type: 'timestamptz', nullable: true }) end_time!: Date | null;
  @Column(kind) kind!: StatusEvent['type'];
  @Column(origin) origin!: Origin;
  @Column({ type: 'boolean', nullable: true }) keep!: boolean | null;
  @Column({ ...text, nullable: true }) status_id!: string | null;
  /** As sent. */
  @Column({ ...text, nullable: true }) published_raw!: string | null;
  /** Its instant, as `parseInstant` writes it: orders as text. */
  @Column({ ...text, nullable: true }) published_key!: string | null;
  /** Instant (key) of StatusSeenAbsent's `cutoff` or HistoryErased's `asOf`. */
  @Column({ ...text, nullable: true }) cutoff!: string | null;
  /** Null once erased, and for events without words. */
  @Column({ type: 'jsonb', nullable: true }) content!: StatusContent | null;
}

/** The actor's winning version (null columns: none yet) and what is known about the actor as a whole. */
@Entity('current_status')
@Index('current_status_to_sweep', ['sweep_at'], { where: 'sweep_at IS NOT NULL' })
export class CurrentStatusEntity {
  @PrimaryColumn(text) actor!: string;
  /** Raised by one with every change of this row or of the actor's history. */
  @Column({ type: 'bigint', default: 0 }) version!: string;
  @Column({ type: 'uuid', nullable: true }) event_id!: string | null;
  /** The `published` that readers see; orders statuses of different actors. */
  @Column({ type: 'timestamptz', nullable: true }) shown_at!: Date | null;
  @Column({ type: 'timestamptz', nullable: true }) received_at!: Date | null;
  @Column({ type: 'timestamptz', nullable: true }) end_time!: Date | null;
  /** When the sweeper has to erase the text: `end_time` of a text that no history keeps. */
  @Column({ type: 'timestamptz', nullable: true }) sweep_at!: Date | null;
  @Column({ ...origin, nullable: true }) origin!: Origin | null;
  /** Why the winner does not show, whether or not its time is over. */
  @Column({ ...cleared, nullable: true }) cleared_as!: ClearedAs | null;
  @Column({ type: 'boolean', nullable: true }) keep!: boolean | null;
  @Column({ type: 'boolean', default: false }) actor_deleted!: boolean;
  @Column({ ...text, nullable: true }) status_id!: string | null;
  @Column({ ...text, nullable: true }) published_raw!: string | null;
  @Column({ ...text, nullable: true }) published_key!: string | null;
  @Column({ ...text, nullable: true }) absent_cutoff!: string | null;
  @Column({ ...text, nullable: true }) erased_as_of!: string | null;
  /** Null when the winner does not show, or its time was over at the last sweep and no history keeps it. */
  @Column({ type: 'jsonb', nullable: true }) content!: StatusContent | null;
}

/** One version in an actor's history, the current one included. Until `erasure_due` is worked off, also what the marks have taken out. */
@Entity('status_history')
@Index('status_history_by_status', ['actor', 'status_id', 'published_key'])
export class StatusHistoryEntity {
  @PrimaryColumn(text) actor!: string;
  @PrimaryColumn(text) published_key!: string;
  @PrimaryColumn(text) status_id!: string;
  @PrimaryColumn(text) published_raw!: string;
  @Column('uuid') event_id!: string;
  @Column('timestamptz') received_at!: Date;
  @Column({ type: 'timestamptz', nullable: true }) end_time!: Date | null;
  @Column(origin) origin!: Origin;
  @Column('jsonb') content!: StatusContent;
}

/** A fact of the log that takes texts away, too many for one transaction: `eraseDue` has yet to erase the rest. */
@Entity('erasure_due')
export class ErasureDueEntity {
  @PrimaryColumn(text) actor!: string;
  /** The StatusDeleted, HistoryErased or ActorDeleted of the log. */
  @PrimaryColumn('uuid') event_id!: string;
  /** Of StatusDeleted, as in the log: no version of this id may be read. */
  @Column({ ...text, nullable: true }) status_id!: string | null;
  /** Of all it covers, what is older than this `published_key` is erased. */
  @Column({ ...text, default: '' }) reached!: string;
}

/** Where a consumer group goes on in a partition, as of what these tables hold. */
@Entity('projection_offset')
export class ProjectionOffsetEntity {
  @PrimaryColumn('text') topic!: string;
  @PrimaryColumn('integer') partition!: number;
  @PrimaryColumn('text') consumer_group!: string;
  @Column('bigint') next_offset!: string;
}

export const statusStoreEntities = [StatusEventEntity, CurrentStatusEntity, StatusHistoryEntity, ErasureDueEntity, ProjectionOffsetEntity];
