import { actorUrls } from '@heliograph/activitypub';
import type { AccountEntity } from './entities.ts';

/** A local account as the services see it: nothing secret in it. */
export interface Account {
  /** Decimal; stable, and never used again. */
  readonly id: string;
  /** Lower-case, 1–30 of a–z, 0–9 and _. Stays taken after the account is deleted. */
  readonly name: string;
  /** IRI of the ActivityPub actor. */
  readonly actor: string;
  /** Empty: none given. */
  readonly displayName: string;
  /** Plain text; empty: none given. */
  readonly bio: string;
  readonly iconUrl: string | null;
  /** Whether the actor has a `statusHistory` (FEP-82f6). */
  readonly history: boolean;
  /** Whether followers must be approved (`manuallyApprovesFollowers`). */
  readonly locked: boolean;
  /** SubjectPublicKeyInfo in PEM. */
  readonly publicKeyPem: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly createdAt: string;
  /** RFC 3339, UTC, milliseconds; null while the account lives. */
  readonly deletedAt: string | null;
  /** 1 or more; raised with every change of the above. */
  readonly version: number;
}

/** The key pair that speaks for a local actor; leaves this library only to sign. */
export interface SigningKey {
  /** `<actor>#main-key`, as the actor document names it. */
  readonly keyId: string;
  /** PKCS #8 in PEM. */
  readonly privateKeyPem: string;
}

export const toAccount = (entity: AccountEntity, publicUrl: string): Account => ({
  id: entity.id,
  name: entity.name,
  actor: actorUrls(publicUrl, entity.name).id,
  displayName: entity.displayName,
  bio: entity.bio,
  iconUrl: entity.iconUrl,
  history: entity.history,
  locked: entity.locked,
  publicKeyPem: entity.publicKeyPem,
  createdAt: entity.createdAt.toISOString(),
  deletedAt: entity.deletedAt?.toISOString() ?? null,
  version: Number(entity.version),
});
