import { ACTOR_TYPES, spellings, type ActorType } from '../vocabulary.ts';
import { invalid, isObject, list, own, readIri, readLink, readReference, readShortText, sameOrigin, single, typesOf, type Invalid, type JsonObject } from './json.ts';
import { readPublicKeys, type PublicKey } from './key-document.ts';
import { defaultLanguage } from './language.ts';
import { readStatus, type ReadStatus } from './status.ts';

/** An actor document as a peer serves it. Texts are plain, links are http or https, and nothing else about them is vouched for. */
export interface ReadActor {
  readonly id: string;
  readonly type: ActorType;
  /** The part of the handle before the `@`; null when there is none, or none that can be shown as such. */
  readonly preferredUsername: string | null;
  readonly name: string | null;
  /** The page for people. */
  readonly url: string | null;
  readonly icon: string | null;
  readonly inbox: string;
  readonly sharedInbox: string | null;
  readonly outbox: string | null;
  readonly followers: string | null;
  readonly following: string | null;
  /** Keys inlined in the document that name this actor as owner. */
  readonly keys: readonly PublicKey[];
  /** Ids of keys that the document links to, and so names as its own. */
  readonly keyLinks: readonly string[];
  /** Whether the document has a `statusHistory`: if not, past statuses are not to be kept (FEP-82f6). */
  readonly hasHistory: boolean;
  /** Id of that collection, when it has one. */
  readonly statusHistory: string | null;
  /**
   * The current status. `'absent'` when the document has no such member; null when it has one that cannot be read as a status of this
   * actor, which says neither that there is one nor that there is none.
   */
  readonly status: ReadStatus | null | 'absent';
  readonly manuallyApprovesFollowers: boolean;
  readonly alsoKnownAs: readonly string[];
  readonly movedTo: string | null;
}

const MAX_NAME = 200;
/** What would make `name@host` read as somebody else's handle, or as a path. */
const UNSAFE_IN_USERNAME = /[\s@/\\?#:<>"\p{Cc}\p{Cf}]/u;

/**
 * Reads an actor document (ActivityPub section 4.1) that came from `expectedId`; without it, any id is taken, and the caller knows why.
 */
export function readActor(json: unknown, expectedId?: string): { readonly kind: 'actor'; readonly actor: ReadActor } | Invalid {
  if (!isObject(json)) return invalid('', 'The actor document must be one JSON object.');
  const id = readIri(own(json, 'id'));
  if (id === null) return invalid('id', 'The id of the actor must be an absolute http or https URL.');
  if (expectedId !== undefined && id !== expectedId) return invalid('id', 'The document is about another actor than the one that was asked for.');
  const types = typesOf(json);
  const type = ACTOR_TYPES.find((name) => types.includes(name));
  if (type === undefined) return invalid('type', `The type must be one of ${ACTOR_TYPES.join(', ')}.`);
  const inbox = readReference(own(json, 'inbox'));
  if (inbox === null) return invalid('inbox', 'The inbox must be an absolute http or https URL.');

  const endpoints = own(json, 'endpoints');
  const history = ownTerm(json, 'statusHistory');
  return {
    kind: 'actor',
    actor: {
      id,
      type,
      preferredUsername: readUsername(own(json, 'preferredUsername')),
      name: readShortText(own(json, 'name'), MAX_NAME),
      url: readPage(own(json, 'url')),
      icon: readLink(own(json, 'icon')),
      inbox,
      sharedInbox: isObject(endpoints) ? readReference(own(endpoints, 'sharedInbox')) : null,
      outbox: readReference(own(json, 'outbox')),
      followers: readReference(own(json, 'followers')),
      following: readReference(own(json, 'following')),
      keys: readPublicKeys(json, id).filter((key) => key.owner === id),
      keyLinks: list(own(json, 'publicKey')).map(readIri).filter((iri) => iri !== null),
      hasHistory: history !== undefined,
      statusHistory: readReference(history),
      status: readCurrentStatus(json, id),
      manuallyApprovesFollowers: own(json, 'manuallyApprovesFollowers') === true,
      alsoKnownAs: list(own(json, 'alsoKnownAs')).map(readReference).filter((iri) => iri !== null),
      movedTo: readReference(own(json, 'movedTo')),
    },
  };
}

function readUsername(value: unknown): string | null {
  const name = readShortText(value, MAX_NAME);
  return name === null || UNSAFE_IN_USERNAME.test(name) ? null : name;
}

/** A FEP-82f6 member in any of its spellings; Epicyon writes `sm:status`. */
const ownTerm = (json: JsonObject, term: 'status' | 'statusHistory'): unknown =>
  spellings(term).map((key) => own(json, key)).find((value) => value !== undefined);

function readCurrentStatus(json: JsonObject, actor: string): ReadStatus | null | 'absent' {
  const value = single(ownTerm(json, 'status'));
  if (value === undefined) return 'absent';
  const status = isObject(value) ? readStatus(value, 'status', defaultLanguage(json)) : null;
  if (status === null || 'kind' in status) return null;
  return status.attributedTo === actor && sameOrigin(status.statusId, actor) ? status : null;
}

/** Peers list a page, feeds and videos side by side: the first link to HTML, or else the first that does not say what it leads to. */
function readPage(value: unknown): string | null {
  const links = list(value);
  const mediaType = (link: unknown): unknown => (isObject(link) ? own(link, 'mediaType') : undefined);
  return readLink(links.filter((link) => mediaType(link) === 'text/html')) ?? readLink(links.filter((link) => mediaType(link) === undefined));
}
