import type { ActorUrls, InstanceActorUrls } from '../urls.ts';
import { ACTOR_CONTEXT } from '../vocabulary.ts';
import { rewriteInstant, statusObject, type StatusObject, type WritableStatus } from './status.ts';

export interface WritableActor {
  /** Of `actorUrls`, or of `instanceActorUrls` for the actor that only signs. */
  readonly urls: ActorUrls | InstanceActorUrls;
  /** Default `Person`. */
  readonly type?: 'Person' | 'Application';
  readonly preferredUsername: string;
  readonly name: string;
  /** HTML, made by us. */
  readonly summary: string;
  /** When the account was made: RFC 3339. */
  readonly published: string;
  readonly publicKeyPem: string;
  readonly icon: { readonly url: string; readonly mediaType: string } | null;
  readonly manuallyApprovesFollowers: boolean;
  readonly discoverable: boolean;
  /** The current status; null when there is none or it has expired (FEP-82f6 forbids to show it then). */
  readonly status: WritableStatus | null;
  /** Whether past statuses are kept and shown. */
  readonly keepsHistory: boolean;
}

/** An actor as the document at its id. */
export interface ActorDocument {
  readonly '@context': typeof ACTOR_CONTEXT;
  readonly type: 'Person' | 'Application';
  readonly id: string;
  readonly preferredUsername: string;
  readonly name: string;
  readonly summary: string;
  readonly url: string;
  readonly inbox: string;
  readonly outbox: string;
  readonly followers?: string;
  readonly following?: string;
  readonly endpoints: { readonly sharedInbox: string };
  readonly publicKey: { readonly id: string; readonly owner: string; readonly publicKeyPem: string };
  readonly published: string;
  readonly manuallyApprovesFollowers: boolean;
  readonly discoverable: boolean;
  readonly icon?: { readonly type: 'Image'; readonly mediaType: string; readonly url: string };
  readonly status?: StatusObject;
  readonly statusHistory?: string;
}

/**
 * Writes an actor document (ActivityPub section 4.1, FEP-82f6).
 *
 * The status goes under `status` alone. Epicyon reads only the key `sm:status`, but both keys together are two values of one property
 * to a JSON-LD processor: Smithereen has one, and would find an array where it looks for an object.
 *
 * @throws RangeError when a time is not RFC 3339.
 */
export function actorDocument(actor: WritableActor): ActorDocument {
  const { urls, icon } = actor;
  return {
    '@context': ACTOR_CONTEXT,
    type: actor.type ?? 'Person',
    id: urls.id,
    preferredUsername: actor.preferredUsername,
    name: actor.name,
    summary: actor.summary,
    url: urls.url,
    inbox: urls.inbox,
    outbox: urls.outbox,
    ...('followers' in urls && { followers: urls.followers, following: urls.following }),
    endpoints: { sharedInbox: urls.sharedInbox },
    publicKey: { id: urls.keyId, owner: urls.id, publicKeyPem: actor.publicKeyPem },
    published: rewriteInstant(actor.published, 0),
    manuallyApprovesFollowers: actor.manuallyApprovesFollowers,
    discoverable: actor.discoverable,
    ...(icon !== null && { icon: { type: 'Image', mediaType: icon.mediaType, url: icon.url } }),
    ...(actor.status !== null && { status: statusObject(actor.status) }),
    ...(actor.keepsHistory && 'statusHistory' in urls && { statusHistory: urls.statusHistory }),
  };
}
