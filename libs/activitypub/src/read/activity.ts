import { ACTOR_TYPES } from '../vocabulary.ts';
import type { IgnoredReason, NotYours, ReadActivity } from './activity-kinds.ts';
import { invalid, isObject, own, readIri, readReference, readShortText, sameOrigin, single, typesOf, type JsonObject } from './json.ts';
import { defaultLanguage } from './language.ts';
import { isActorStatus, readStatus } from './status.ts';

/** The activity with what every kind of it needs. */
interface Envelope {
  readonly json: JsonObject;
  readonly id: string | null;
  readonly actor: string;
  readonly object: Target;
  readonly ignore: (reason: IgnoredReason) => ReadActivity;
}

/** What the activity is about. An object that says nothing but its id is as good as a link. */
interface Target {
  readonly id: string | null;
  readonly types: readonly string[];
  /** Null for a link. */
  readonly inlined: JsonObject | null;
}

type Reader = (activity: Envelope) => ReadActivity;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['Create', readCreate],
  ['Remove', (activity) => readRetraction(activity, 'remove-status')],
  ['Delete', (activity) => readRetraction(activity, 'delete-status')],
  ['Follow', readFollow],
  ['Undo', readUndo],
  ['Accept', (activity) => readAnswer(activity, 'accept-follow')],
  ['Reject', (activity) => readAnswer(activity, 'reject-follow')],
  ['Update', readUpdate],
  ['Block', readBlock],
  ['Move', readMove],
]);
const ACTORS: ReadonlySet<string> = new Set(ACTOR_TYPES);

/**
 * Reads what another server posted to an inbox (ActivityPub section 7), in any form that is spoken in the field. It never throws, and
 * its work is bounded by the size of the document. Whatever it returns for an actor is about that actor's own things; that the
 * sender is that actor remains to be verified, and `checkReceived` compares a status with the clock.
 */
export function readActivity(json: unknown): ReadActivity {
  if (!isObject(json)) return { kind: 'unreadable', detail: 'The body must be one JSON object.' };
  const types = typesOf(json);
  const actor = readReference(own(json, 'actor'));
  const ignore = (reason: IgnoredReason): ReadActivity => ({ kind: 'ignored', reason, actor, type: readShortText(types[0], 100) });

  const type = types.find((name) => READERS.has(name));
  const reader = type === undefined ? undefined : READERS.get(type);
  if (reader === undefined) return ignore('unknown-type');
  if (actor === null) return invalid('actor', 'The activity must name one actor by an absolute http or https URL.');
  const object = readTarget(own(json, 'object'));
  if (object === null) return invalid('object', 'The activity must have one object.');
  return reader({ json, id: readIri(own(json, 'id')), actor, object, ignore });
}

function readTarget(value: unknown): Target | null {
  const one = single(value);
  if (typeof one === 'string') return { id: readIri(one), types: [], inlined: null };
  if (!isObject(one)) return null;
  const types = typesOf(one);
  return { id: readIri(own(one, 'id')), types, inlined: types.length === 0 ? null : one };
}

function readCreate({ json, id, actor, object, ignore }: Envelope): ReadActivity {
  if (object.inlined === null || !isActorStatus(object.types)) return ignore('not-a-status');
  const status = readStatus(object.inlined, 'object', defaultLanguage(json));
  if ('kind' in status) return status;
  if (status.attributedTo !== actor) return notYours('object.attributedTo', 'The status belongs to another actor.');
  if (!sameOrigin(status.statusId, actor)) return notYours('object.id', 'The id of the status is on another server than its actor.');
  return { kind: 'create-status', id, actor, status };
}

function readRetraction({ json, id, actor, object, ignore }: Envelope, kind: 'remove-status' | 'delete-status'): ReadActivity {
  if (kind === 'delete-status' && object.id === actor) return { kind: 'delete-actor', id, actor };
  // Without a word about the kind of thing it was, it may be a note: then nothing about it is an error.
  const certain = saysStatus(object);
  if (certain === false) return ignore('not-a-status');
  if (kind === 'remove-status' && certain === null && own(json, 'target') !== undefined) return ignore('removed-from-collection');
  if (object.id === null) {
    return certain ? invalid('object.id', 'The id of the status must be an absolute http or https URL.') : ignore('not-a-status');
  }
  const attributedTo = object.inlined === null ? null : readReference(own(object.inlined, 'attributedTo'));
  if ((attributedTo !== null && attributedTo !== actor) || !sameOrigin(object.id, actor)) {
    return certain ? notYours('object', 'The status belongs to another actor.') : ignore('not-a-status');
  }
  return { kind, id, actor, statusId: object.id, attributedTo };
}

/** Whether the object is, or was, a status; null when it does not say. */
function saysStatus({ types, inlined }: Target): boolean | null {
  if (inlined === null) return null;
  if (isActorStatus(types)) return true;
  if (!types.includes('Tombstone')) return false;
  const former = typesOf({ type: own(inlined, 'formerType') });
  return former.length === 0 ? null : isActorStatus(former);
}

function readFollow({ id, actor, object }: Envelope): ReadActivity {
  if (id === null) return invalid('id', 'A Follow needs an id, an absolute http or https URL, to be answered.');
  if (!sameOrigin(id, actor)) return notYours('id', 'The id of the Follow is on another server than its actor.');
  if (object.id === null) return invalid('object', 'A Follow must name whom to follow.');
  return { kind: 'follow', id, actor, object: object.id, activity: { type: 'Follow', id, actor, object: object.id } };
}

function readBlock({ id, actor, object }: Envelope): ReadActivity {
  if (object.id === null) return invalid('object', 'A Block must name whom to block.');
  return { kind: 'block', id: id !== null && sameOrigin(id, actor) ? id : null, actor, object: object.id };
}

/** Who moves is the object, as Mastodon says it. */
function readMove({ json, id, actor, object }: Envelope): ReadActivity {
  if (object.id !== actor) return notYours('object', 'Only the actor itself can say that it moved.');
  const target = readReference(own(json, 'target'));
  if (target === null || target === actor) return invalid('target', 'A Move must name where to, by an absolute http or https URL.');
  return { kind: 'move', id, actor, target };
}

function readUndo(activity: Envelope): ReadActivity {
  return activity.object.types.includes('Block') ? readUndoBlock(activity) : readUndoFollow(activity);
}

function readUndoBlock({ id, actor, object }: Envelope): ReadActivity {
  const blocked = object.inlined === null ? null : readReference(own(object.inlined, 'object'));
  const blocker = object.inlined === null ? null : readReference(own(object.inlined, 'actor'));
  if (blocker !== null && blocker !== actor) return notYours('object.actor', 'The Block is by another actor.');
  const blockId = object.id !== null && sameOrigin(object.id, actor) ? object.id : null;
  if (blockId === null && blocked === null) return invalid('object', 'An Undo must name the Block, or whom it blocked.');
  return { kind: 'undo-block', id, actor, blockId, object: blocked };
}

function readUndoFollow({ id, actor, object, ignore }: Envelope): ReadActivity {
  const follow = readInnerFollow(object);
  if (follow === null) return ignore('not-a-follow');
  if (follow.actor !== null && follow.actor !== actor) return notYours('object.actor', 'The Follow is by another actor.');
  if (follow.id === null && follow.object === null) return invalid('object', 'An Undo must name the Follow, or whom it followed.');
  if (follow.id !== null && !sameOrigin(follow.id, actor)) {
    return object.inlined === null ? ignore('not-a-follow') : notYours('object.id', 'The id of the Follow is on another server than its actor.');
  }
  return { kind: 'undo-follow', id, actor, followId: follow.id, object: follow.object };
}

function readAnswer({ id, actor, object, ignore }: Envelope, kind: 'accept-follow' | 'reject-follow'): ReadActivity {
  const follow = readInnerFollow(object);
  if (follow === null) return ignore('not-a-follow');
  if (follow.object !== null && follow.object !== actor) return notYours('object.object', 'The Follow was of another actor.');
  if (follow.id === null && follow.actor === null) return invalid('object', 'The answer must name the Follow, or who follows.');
  return { kind, id, actor, followId: follow.id, follower: follow.actor, object: follow.object };
}

interface InnerFollow {
  readonly id: string | null;
  readonly actor: string | null;
  readonly object: string | null;
}

/** The Follow that an Undo, Accept or Reject is about; null when it is about something else. A usable link may be one. */
function readInnerFollow({ id, types, inlined }: Target): InnerFollow | null {
  if (inlined === null) return id === null ? null : { id, actor: null, object: null };
  if (!types.includes('Follow')) return null;
  return { id, actor: readReference(own(inlined, 'actor')), object: readReference(own(inlined, 'object')) };
}

function readUpdate({ id, actor, object, ignore }: Envelope): ReadActivity {
  const itself = object.inlined !== null && object.id === actor && object.types.some((type) => ACTORS.has(type));
  return itself && object.inlined !== null ? { kind: 'update-actor', id, actor, document: object.inlined } : ignore('not-an-actor');
}

const notYours = (field: string, detail: string): NotYours => ({ kind: 'not-yours', field, detail });
