import { Column, CreateDateColumn, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** Columns with `select: false` hold secrets or addresses: a query gets them only by naming them. */
@Entity('account')
export class AccountEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: string;

  @Column('text')
  name!: string;

  @Column('text', { nullable: true, select: false })
  email!: string | null;

  /** PHC string; null once the account is deleted. */
  @Column('text', { name: 'password_hash', nullable: true, select: false })
  passwordHash!: string | null;

  @Column('text', { name: 'display_name' })
  displayName!: string;

  @Column('text')
  bio!: string;

  @Column('text', { name: 'icon_url', nullable: true })
  iconUrl!: string | null;

  @Column('boolean')
  history!: boolean;

  @Column('boolean')
  locked!: boolean;

  @Column('text', { name: 'public_key_pem' })
  publicKeyPem!: string;

  /** Null once the account is deleted and its last Delete is delivered. */
  @Column('text', { name: 'private_key_pem', nullable: true, select: false })
  privateKeyPem!: string | null;

  /** `published` of the newest status, whole milliseconds: the next one is later. */
  @Column({ name: 'last_published', type: 'timestamptz', precision: 3, nullable: true, select: false })
  lastPublished!: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  @Column({ name: 'deleted_at', type: 'timestamptz', precision: 3, nullable: true })
  deletedAt!: Date | null;

  /** Raised by a trigger. */
  @Column({ type: 'bigint', insert: false, update: false })
  version!: string;
}

@Entity('access_token')
export class AccessTokenEntity {
  /** SHA-256 of the token: a copy of the table opens nothing. */
  @PrimaryColumn('bytea', { name: 'token_hash' })
  tokenHash!: Buffer;

  @Column('bigint', { name: 'account_id' })
  accountId!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}

@Entity('idempotency_key')
export class IdempotencyKeyEntity {
  @PrimaryColumn('bigint', { name: 'account_id' })
  accountId!: string;

  /** As the client sent it. */
  @PrimaryColumn('text')
  key!: string;

  @Column('text', { name: 'request_hash' })
  requestHash!: string;

  @Column('jsonb')
  reserved!: object;

  @Column('jsonb', { nullable: true })
  response!: object | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}

/** One row at most: the key pair of the instance actor. */
@Entity('instance_key')
export class InstanceKeyEntity {
  @PrimaryColumn('boolean')
  singleton!: true;

  @Column('text', { name: 'public_key_pem' })
  publicKeyPem!: string;

  @Column('text', { name: 'private_key_pem' })
  privateKeyPem!: string;
}

export const accountsEntities = [AccountEntity, AccessTokenEntity, IdempotencyKeyEntity, InstanceKeyEntity];
