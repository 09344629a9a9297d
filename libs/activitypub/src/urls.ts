import { createHash } from 'node:crypto';

/** Names that make a URL; which of them an account may take is decided where accounts are made. */
const NAME = '[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?';
const STATUS_ID = '[1-9][0-9]{0,15}';
const FOLLOW_ID = '[A-Za-z0-9_-]{1,64}';

/** Where everything of one local person is. Ids never change once they are out, so neither may these rules. */
export interface ActorUrls {
  readonly id: string;
  /** The page for people. */
  readonly url: string;
  readonly inbox: string;
  readonly sharedInbox: string;
  readonly outbox: string;
  readonly followers: string;
  readonly following: string;
  readonly statusHistory: string;
  readonly keyId: string;
  /** Id of a status; `id` is decimal, 1 to 2^53 - 1. */
  status(id: string): string;
  /** Id of a Follow by this person; `id` is of letters, digits, `_` and `-`, at most 64. */
  follow(id: string): string;
  /** Ids of activities that nobody can fetch; `unique` tells apart those of one person. */
  accept(unique: string): string;
  reject(unique: string): string;
  update(unique: string): string;
  block(unique: string): string;
  readonly deleteActor: string;
}

/** @param publicUrl origin of this server, with or without the slash at its end. */
export function actorUrls(publicUrl: string, name: string): ActorUrls {
  const base = baseOf(publicUrl);
  const id = `${base}/users/${name}`;
  const status = (statusId: string): string => `${id}/statuses/${statusId}`;
  return {
    id,
    url: `${base}/@${name}`,
    inbox: `${id}/inbox`,
    sharedInbox: `${base}/inbox`,
    outbox: `${id}/outbox`,
    followers: `${id}/followers`,
    following: `${id}/following`,
    statusHistory: `${id}/statuses`,
    keyId: `${id}#main-key`,
    status,
    follow: (followId) => `${id}/follows/${followId}`,
    accept: (unique) => `${id}#accepts/${unique}`,
    reject: (unique) => `${id}#rejects/${unique}`,
    update: (unique) => `${id}#updates/${unique}`,
    block: (unique) => `${id}#blocks/${unique}`,
    deleteActor: `${id}#delete`,
  };
}

export type InstanceActorUrls = Pick<ActorUrls, 'id' | 'url' | 'inbox' | 'sharedInbox' | 'outbox' | 'keyId'>;

/** The actor that signs this server's own fetches. */
export function instanceActorUrls(publicUrl: string): InstanceActorUrls {
  const base = baseOf(publicUrl);
  const id = `${base}/actor`;
  return { id, url: `${base}/`, inbox: `${base}/inbox`, sharedInbox: `${base}/inbox`, outbox: `${id}/outbox`, keyId: `${id}#main-key` };
}

/** Id of the one activity of that kind about a status of ours: a delivery can be repeated, but never under a second id. */
export const statusActivityId = (statusIri: string, kind: 'create' | 'remove' | 'delete'): string => `${statusIri}/${kind}`;

/** What tells apart a person's answers to Follows: the same for the same Follow, so that none is answered under two ids. */
export const answerKey = (follower: string, followId: string): string => createHash('sha256').update(`${follower} ${followId}`).digest('hex').slice(0, 32);

/** Id of the activity that takes a Follow or Block of ours back. */
export const undoId = (activityIri: string): string => `${activityIri}/undo`;

/** The name in the id of a person of this server (`/users/NAME`, nothing after it), or null. Whether there is such a person is another question. */
export const parseLocalActor = (publicUrl: string, iri: string): string | null => matchPath(publicUrl, iri, `/users/(${NAME})`)?.[0] ?? null;

/** As `parseLocalActor`, and also for the page for people (`/@NAME`): what somebody may paste into a search field. */
export const parseLocalProfile = (publicUrl: string, iri: string): string | null =>
  matchPath(publicUrl, iri, `/(?:users/|@)(${NAME})/?`)?.[0] ?? null;

/** Name and id in the id of a status of this server, or null. */
export function parseLocalStatus(publicUrl: string, iri: string): { readonly name: string; readonly id: string } | null {
  const [name, id] = matchPath(publicUrl, iri, `/users/(${NAME})/statuses/(${STATUS_ID})`) ?? [];
  return name === undefined || id === undefined || !Number.isSafeInteger(Number(id)) ? null : { name, id };
}

/** Name and id in the id of a Follow that this server sent, or null: says whose Follow a bare link in an Accept means. */
export function parseLocalFollow(publicUrl: string, iri: string): { readonly name: string; readonly id: string } | null {
  const [name, id] = matchPath(publicUrl, iri, `/users/(${NAME})/follows/(${FOLLOW_ID})`) ?? [];
  return name === undefined || id === undefined ? null : { name, id };
}

const baseOf = (publicUrl: string): string => publicUrl.replace(/\/+$/, '');

function matchPath(publicUrl: string, iri: string, pattern: string): readonly string[] | null {
  const base = baseOf(publicUrl);
  return iri.startsWith(`${base}/`) ? (new RegExp(`^${pattern}$`).exec(iri.slice(base.length))?.slice(1) ?? null) : null;
}
