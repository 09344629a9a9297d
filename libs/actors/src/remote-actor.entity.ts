import type { ActorType, PublicKey } from '@heliograph/activitypub';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * The persistent tier of the cache of actor documents. Unlike any other table it is written by every service that has fetched a document
 * or received one: that is safe because a row says nothing but what the actor's server said last, and the newest fetch wins.
 */
@Entity('remote_actor')
export class RemoteActorEntity {
  @PrimaryColumn('text')
  iri!: string;

  @Column('text')
  type!: ActorType;

  /** Null once the actor has told, by a Delete, that it is gone. */
  @Index('remote_actor_handle')
  @Column('text', { nullable: true })
  handle!: string | null;

  @Column('text', { name: 'preferred_username', nullable: true })
  preferredUsername!: string | null;

  @Column('text', { name: 'display_name', nullable: true })
  displayName!: string | null;

  @Column('text', { nullable: true })
  url!: string | null;

  @Column('text', { nullable: true })
  icon!: string | null;

  @Column('text')
  inbox!: string;

  @Column('text', { name: 'shared_inbox', nullable: true })
  sharedInbox!: string | null;

  @Column('text', { nullable: true })
  followers!: string | null;

  @Column('jsonb')
  keys!: readonly PublicKey[];

  @Column({ name: 'keys_fetched_at', type: 'timestamptz', precision: 3 })
  keysFetchedAt!: Date;

  @Column('boolean', { name: 'has_history' })
  hasHistory!: boolean;

  @Column('boolean', { name: 'shown_status' })
  shownStatus!: boolean;

  @Column('boolean')
  locked!: boolean;

  @Column('text', { name: 'moved_to', nullable: true })
  movedTo!: string | null;

  @Column({ name: 'fetched_at', type: 'timestamptz', precision: 3 })
  fetchedAt!: Date;

  /** Set alone when a fetch found the actor gone: its signed Delete may be yet to come, and needs its key. */
  @Column({ name: 'gone_at', type: 'timestamptz', precision: 3, nullable: true })
  goneAt!: Date | null;
}

export const actorsEntities = [RemoteActorEntity];
