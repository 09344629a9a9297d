import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** Somebody follows a local actor. */
@Entity('follower')
export class FollowerEntity {
  /** The local actor that is followed. */
  @PrimaryColumn('text')
  actor!: string;

  @PrimaryColumn('text')
  follower!: string;

  /** Of the latest Follow. */
  @Column('text', { name: 'follow_id' })
  followId!: string;

  /** When the latest Follow came; `since` is when the first one came. */
  @Column({ name: 'follow_at', type: 'timestamptz', precision: 3 })
  followAt!: Date;

  /** Null for people of this server, who read from the tables. */
  @Column('text', { nullable: true })
  inbox!: string | null;

  @Column('text', { name: 'shared_inbox', nullable: true })
  sharedInbox!: string | null;

  /** Where messages for many go, in one spelling; null as `inbox`. */
  @Column('text', { name: 'audience_inbox', nullable: true })
  audienceInbox!: string | null;

  @Column({ name: 'since', type: 'timestamptz', precision: 3 })
  since!: Date;
}

/** Somebody asked to follow a local actor, who has not decided yet. */
@Entity('follow_request')
export class FollowRequestEntity {
  @PrimaryColumn('text')
  actor!: string;

  @PrimaryColumn('text')
  follower!: string;

  @Column('text', { name: 'follow_id' })
  followId!: string;

  /** Null for people of this server. */
  @Column('text', { nullable: true })
  inbox!: string | null;

  @Column('text', { name: 'shared_inbox', nullable: true })
  sharedInbox!: string | null;

  @Column('text', { name: 'audience_inbox', nullable: true })
  audienceInbox!: string | null;

  @Column({ name: 'since', type: 'timestamptz', precision: 3 })
  since!: Date;
}

/** A Follow (or a Block) was taken back or refused, for good. The newest 100 of each pair are kept: more than anybody takes back by hand. */
@Entity('follow_undone')
export class FollowUndoneEntity {
  @PrimaryColumn('text')
  actor!: string;

  @PrimaryColumn('text')
  follower!: string;

  @PrimaryColumn('text', { name: 'follow_id' })
  followId!: string;

  @Column({ name: 'at', type: 'timestamptz', precision: 3 })
  at!: Date;
}

export type FollowState = 'requested' | 'accepted' | 'rejected';

/** A local actor follows somebody, or asked to. */
@Entity('following')
export class FollowingEntity {
  @PrimaryColumn('text')
  actor!: string;

  @PrimaryColumn('text')
  target!: string;

  @Column('text', { name: 'follow_id' })
  followId!: string;

  @Column('text')
  state!: FollowState;

  /** Null for people of this server, who read from the tables. */
  @Column('text', { nullable: true })
  inbox!: string | null;

  @Column('text', { name: 'shared_inbox', nullable: true })
  sharedInbox!: string | null;

  @Column('text', { name: 'audience_inbox', nullable: true })
  audienceInbox!: string | null;

  /** When it was asked for. */
  @Column({ name: 'since', type: 'timestamptz', precision: 3 })
  since!: Date;
}

/** A local actor blocks somebody. */
@Entity('block')
export class BlockEntity {
  @PrimaryColumn('text')
  actor!: string;

  @PrimaryColumn('text')
  target!: string;

  @Column('text', { name: 'block_id' })
  blockId!: string;

  /** Null for people of this server. */
  @Column('text', { nullable: true })
  inbox!: string | null;

  @Column({ name: 'since', type: 'timestamptz', precision: 3 })
  since!: Date;
}

/** Somebody blocks a local actor. */
@Entity('blocked_by')
export class BlockedByEntity {
  @PrimaryColumn('text')
  actor!: string;

  @PrimaryColumn('text')
  blocker!: string;

  @Column('text', { name: 'block_id', nullable: true })
  blockId!: string | null;

  @Column({ name: 'since', type: 'timestamptz', precision: 3 })
  since!: Date;
}

/** What a remote actor shows is to be taken in, once or, while anybody here follows it, now and then (ADR 0014). */
@Entity('actor_refresh')
export class ActorRefreshEntity {
  @PrimaryColumn('text')
  actor!: string;

  /** Host and port of the actor. */
  @Column({ type: 'text', insert: false, update: false })
  host!: string;

  @Column({ name: 'due_at', type: 'timestamptz' })
  dueAt!: Date;

  /** Nobody follows it: not by itself any more. */
  @Column('boolean')
  idle!: boolean;

  /** Somebody waits for it: before what is merely due. */
  @Column('boolean')
  urgent!: boolean;

  @Column({ name: 'tried_at', type: 'timestamptz', nullable: true })
  triedAt!: Date | null;

  /** Failures in a row. */
  @Column('int')
  attempts!: number;

  /** Whether the history was read to its end, or to our bounds, once: then only what is new of it is read. */
  @Column('boolean', { name: 'history_read' })
  historyRead!: boolean;

  /** Of the document that was taken in last, and whether that had no `status`. */
  @Column('text', { nullable: true })
  etag!: string | null;

  @Column('boolean', { name: 'etag_without_status', nullable: true })
  etagWithoutStatus!: boolean | null;

  /** Since when its server answers that there is no such actor. */
  @Column({ name: 'gone_since', type: 'timestamptz', nullable: true })
  goneSince!: Date | null;

  @Column({ name: 'lease_until', type: 'timestamptz', nullable: true })
  leaseUntil!: Date | null;

  @Column('text', { name: 'lease_by', nullable: true })
  leaseBy!: string | null;

  @Column('text', { name: 'last_error', nullable: true })
  lastError!: string | null;
}

/** A local account that was deleted: it takes part in nothing new, and its key goes once nothing of it is left to send. */
@Entity('departed_account')
export class DepartedAccountEntity {
  @PrimaryColumn('text')
  actor!: string;

  @Column({ name: 'at', type: 'timestamptz', precision: 3 })
  at!: Date;

  @Column('boolean', { name: 'key_forgotten' })
  keyForgotten!: boolean;
}

/** One POST to be made. */
@Entity('delivery_job')
export class DeliveryJobEntity {
  /** In the order in which things happened to one sender. */
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: string;

  /** The local sender. */
  @Column('text')
  actor!: string;

  /** The status event, or a name for what else is sent: unique per sender and inbox. */
  @Column('text', { name: 'event_id' })
  eventId!: string;

  @Column('text')
  kind!: string;

  /** Ids only, never text. */
  @Column('jsonb')
  payload!: Record<string, string>;

  @Column('text')
  inbox!: string;

  /** Host and port of the inbox. */
  @Column({ type: 'text', insert: false, update: false })
  host!: string;

  /** Of a dead job: when it died. */
  @Column({ name: 'due_at', type: 'timestamptz' })
  dueAt!: Date;

  /** Attempts that failed. */
  @Column('int')
  attempts!: number;

  @Column({ name: 'first_attempt_at', type: 'timestamptz', nullable: true })
  firstAttemptAt!: Date | null;

  @Column({ name: 'lease_until', type: 'timestamptz', nullable: true })
  leaseUntil!: Date | null;

  @Column('text', { name: 'lease_by', nullable: true })
  leaseBy!: string | null;

  @Column('text')
  state!: 'pending' | 'dead';

  /** The trace that the job belongs to (W3C Trace Context); null when what asked for it belonged to none. */
  @Column('text', { nullable: true })
  traceparent!: string | null;

  @Column('text', { name: 'last_error', nullable: true })
  lastError!: string | null;
}

/** How far a consumer group's work is in the tables, beside what the bus remembers. */
@Entity('graph_offset')
export class GraphOffsetEntity {
  @PrimaryColumn('text')
  topic!: string;

  @PrimaryColumn('int')
  partition!: number;

  @PrimaryColumn('text', { name: 'consumer_group' })
  group!: string;

  @Column('bigint', { name: 'next_offset' })
  nextOffset!: string;
}

export const socialGraphEntities = [
  FollowerEntity,
  FollowRequestEntity,
  FollowUndoneEntity,
  FollowingEntity,
  BlockEntity,
  BlockedByEntity,
  ActorRefreshEntity,
  DepartedAccountEntity,
  DeliveryJobEntity,
  GraphOffsetEntity,
];
