import { countGraphemes, formatInstant, makeEvent, parseInstant, type StatusContent, type StatusPublished } from '@heliograph/status';
import { spellings } from '../vocabulary.ts';
import { invalid, isObject, list, own, readIri, readLink, readReference, readShortText, storableText, typesOf, type Invalid, type JsonObject } from './json.ts';
import { defaultLanguage, readLanguage } from './language.ts';

/** A status as a peer sent it. */
export interface ReadStatus {
  readonly statusId: string;
  readonly attributedTo: string;
  readonly content: StatusContent;
  /** A readable RFC 3339 date-time, as sent: part of the version's identity. */
  readonly published: string;
  /** RFC 3339, UTC, milliseconds (rounded down), or null. */
  readonly endTime: string | null;
}

/** Most graphemes, and most bytes of UTF-8, of a status that we take from another server. */
export const MAX_RECEIVED_GRAPHEMES = 2000;
export const MAX_RECEIVED_BYTES = 8192;
const MAX_ATTACHMENT_NAME = 500;
const MAX_AHEAD_MS = 24 * 3_600_000;
const ACTOR_STATUS = new Set(spellings('ActorStatus'));

export const isActorStatus = (types: readonly string[]): boolean => types.some((type) => ACTOR_STATUS.has(type));

/**
 * Reads an ActorStatus object (FEP-82f6). Paths of invalid fields begin with `path`.
 *
 * @param inherited the default language of the document around it.
 */
export function readStatus(object: JsonObject, path = '', inherited: string | null = null): ReadStatus | Invalid {
  const at = (field: string): string => (path === '' ? field : `${path}.${field}`);
  if (!isActorStatus(typesOf(object))) return invalid(at('type'), 'This is not an ActorStatus.');

  const statusId = readIri(own(object, 'id'));
  if (statusId === null) return invalid(at('id'), 'The id of the status must be an absolute http or https URL.');
  const attributedTo = readReference(own(object, 'attributedTo'));
  if (attributedTo === null) return invalid(at('attributedTo'), 'The status must name the actor it belongs to.');

  const published = own(object, 'published');
  if (typeof published !== 'string' || parseInstant(published) === null) {
    return invalid(at('published'), 'The status must say when it was published, as an RFC 3339 date-time.');
  }
  // A status that should end, at a time that nobody can read, is better refused than shown for ever.
  const end = own(object, 'endTime');
  const endInstant = end === undefined ? null : parseInstant(end);
  if (end !== undefined && endInstant === null) return invalid(at('endTime'), 'The end of the status must be an RFC 3339 date-time.');

  const words = readWords(object, inherited);
  if (words === null) return invalid(at('content'), 'The content of the status must be plain text.');
  const refusal = refuseText(words.text);
  if (refusal !== null) return invalid(at('content'), refusal);

  return {
    statusId,
    attributedTo,
    content: { ...words, attachment: readAttachment(own(object, 'attachment')) },
    published,
    endTime: endInstant === null ? null : formatInstant(endInstant.ms, 3),
  };
}

/**
 * `published` orders a sender's own statuses, so that a skewed clock does no harm; but one far ahead would hide all that follow.
 *
 * @returns what is wrong with a status received at `receivedAt` (milliseconds since the epoch), or null.
 */
export function checkReceived(status: ReadStatus, receivedAt: number): Invalid | null {
  const published = parseInstant(status.published);
  return published !== null && published.ms - receivedAt <= MAX_AHEAD_MS
    ? null
    : invalid('object.published', 'The status is dated more than 24 hours ahead.');
}

/** What a received status says in our own events. `keep`: whether the sender's document has a `statusHistory`. Milliseconds since the epoch. */
export const publishedEvent = ({ attributedTo: actor, ...status }: ReadStatus, keep: boolean, receivedAt: number): StatusPublished =>
  makeEvent('StatusPublished', { actor, ...status, keep }, { receivedAt: formatInstant(receivedAt, 3), origin: 'remote' });

/** `content`, or the entry of `contentMap` with the least key, so that every reading of a document gives the same. */
function readWords(object: JsonObject, inherited: string | null): { text: string; language: string | null } | null {
  const content = own(object, 'content');
  const map = own(object, 'contentMap');
  const entries = isObject(map) ? Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)) : [];
  if (typeof content === 'string') {
    const tag = entries.find(([, text]) => text === content)?.[0];
    return { text: storableText(content), language: readLanguage(tag) ?? defaultLanguage(object) ?? inherited };
  }
  if (content !== undefined) return null;
  for (const [tag, text] of entries) {
    if (typeof text === 'string' && text.trim() !== '') return { text: storableText(text), language: readLanguage(tag) };
  }
  return null;
}

function refuseText(text: string): string | null {
  if (text.trim() === '') return 'The status has no text.';
  // The length in units first: counting what a megabyte holds is the work an attacker wants.
  const tooLong =
    text.length > MAX_RECEIVED_BYTES ||
    Buffer.byteLength(text) > MAX_RECEIVED_BYTES ||
    // No text has more graphemes than units, and counting is dear.
    (text.length > MAX_RECEIVED_GRAPHEMES && countGraphemes(text) > MAX_RECEIVED_GRAPHEMES);
  return tooLong ? `The status is longer than ${MAX_RECEIVED_GRAPHEMES} characters or ${MAX_RECEIVED_BYTES} bytes.` : null;
}

/** The first attachment with a link that is safe to show. What else may be attached is no reason to refuse: `content` says it in words. */
function readAttachment(value: unknown): StatusContent['attachment'] {
  for (const one of list(value)) {
    const href = isObject(one) ? readLink(one) : null;
    if (href !== null && isObject(one)) return { href, name: readShortText(own(one, 'name'), MAX_ATTACHMENT_NAME) };
  }
  return null;
}
