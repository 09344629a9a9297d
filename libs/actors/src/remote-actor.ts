import type { ActorType, PublicKey, ReadActor, ReadStatus } from '@heliograph/activitypub';
import { sameOrigin } from './origin.ts';

/** An actor of another server, as its document last told. Texts are plain, links are http or https; nothing else is vouched for. */
export interface RemoteActor {
  readonly iri: string;
  readonly type: ActorType;
  /**
   * `name@host` in lower case. The host is that of the IRI, or another that was confirmed by WebFinger both ways. An actor without a
   * usable `preferredUsername` goes by the end of its IRI.
   */
  readonly handle: string;
  readonly preferredUsername: string | null;
  readonly displayName: string | null;
  /** The page for people. */
  readonly url: string | null;
  readonly icon: string | null;
  readonly inbox: string;
  readonly sharedInbox: string | null;
  readonly followers: string | null;
  /** Keys that this actor owns and names, of its own origin. */
  readonly keys: readonly PublicKey[];
  /** Whether the actor has a `statusHistory` (FEP-82f6). */
  readonly hasHistory: boolean;
  /** Whether any document of this actor has shown a `status`: only then does one without say anything. */
  readonly shownStatus: boolean;
  /** `manuallyApprovesFollowers`. */
  readonly locked: boolean;
  /** Who this actor says to be now, since it moved; whether the other one agrees is not said. */
  readonly movedTo: string | null;
  /** The status inlined in a document fetched or stored by this very call; null otherwise, and when there was none. */
  readonly status: ReadStatus | null;
  /** When the fetch began, or the Update arrived, that this comes from, milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** The same for `keys`, which are taken from fetched documents alone: an Update is no better than the key it was signed with. */
  readonly keysFetchedAt: number;
}

/** Each costs up to 8 KiB; an actor that rotates its keys needs two. */
const MAX_KEYS = 4;

/**
 * What we keep of an actor document. Everything that we act on must be of the actor's own origin (FEP-fe34), or a stranger could
 * point our requests at a third party: an actor with a foreign inbox is refused, other foreign parts are left out.
 */
export function toRemoteActor(read: ReadActor, fetchedAt: number): RemoteActor | { readonly kind: 'refused'; readonly reason: string } {
  const ours = (iri: string | null): string | null => (iri !== null && sameOrigin(iri, read.id) ? iri : null);
  if (ours(read.inbox) === null) return { kind: 'refused', reason: 'the inbox is on another server than its actor' };
  const status = read.status === 'absent' ? null : read.status;
  return {
    iri: read.id,
    type: read.type,
    handle: handleOf(read),
    preferredUsername: read.preferredUsername,
    displayName: read.name,
    url: read.url,
    icon: read.icon,
    inbox: read.inbox,
    sharedInbox: ours(read.sharedInbox),
    followers: ours(read.followers),
    keys: read.keys.filter((key) => key.owner === read.id && ours(key.id) !== null).slice(0, MAX_KEYS),
    hasHistory: read.hasHistory,
    shownStatus: status !== null,
    locked: read.manuallyApprovesFollowers,
    movedTo: read.movedTo === read.id ? null : read.movedTo,
    status,
    fetchedAt,
    keysFetchedAt: fetchedAt,
  };
}

/** Bounded, because handles are indexed, and the end of an IRI may be three times as long as it was before it was percent-encoded. */
const NAME = /^[^\s@/]{1,200}$/;

function handleOf({ id, preferredUsername }: ReadActor): string {
  const { host, pathname } = new URL(id);
  const last = pathname.split('/').findLast((segment) => segment !== '') ?? '';
  const name = [preferredUsername, last].find((candidate) => candidate !== null && NAME.test(candidate)) ?? 'actor';
  return `${name.toLowerCase()}@${host}`;
}
