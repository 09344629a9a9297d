import { isActivityContentType } from '../media-types.ts';
import { invalid, isObject, list, own, readIri, readShortText, type Invalid, type JsonObject } from './json.ts';

export interface ReadWebFinger {
  readonly kind: 'web-finger';
  /** Id of the actor. */
  readonly actor: string;
  /**
   * The handle that the answer is about, `name@host` with the host in lower case. When it is not the one that was asked for, its own
   * host has the word: ask there before showing it.
   */
  readonly subject: string;
  /** Where people of other servers are sent to follow somebody; holds `{uri}`. */
  readonly subscribe: string | null;
}

const SUBSCRIBE = 'http://ostatus.org/schema/1.0/subscribe';
const MAX_HANDLE = 500;

/** Reads a WebFinger answer (RFC 7033 section 4.4) for `handle` (`name@host`). */
export function readWebFinger(json: unknown, handle: string): ReadWebFinger | Invalid {
  if (!isObject(json)) return invalid('', 'The WebFinger answer must be one JSON object.');
  const links = list(own(json, 'links')).filter(isObject);
  const self = links.find((link) => own(link, 'rel') === 'self' && isActivityLink(link));
  const actor = self === undefined ? null : readIri(own(self, 'href'));
  if (actor === null) return invalid('links', 'The WebFinger answer has no link to an ActivityPub actor.');

  const template = links.filter((link) => own(link, 'rel') === SUBSCRIBE).map((link) => own(link, 'template'));
  return {
    kind: 'web-finger',
    actor,
    subject: normaliseHandle(readShortText(own(json, 'subject'), MAX_HANDLE) ?? '') ?? normaliseHandle(`acct:${handle}`) ?? handle,
    subscribe: template.find(isSubscribeTemplate) ?? null,
  };
}

function isActivityLink(link: JsonObject): boolean {
  const type = own(link, 'type');
  return typeof type === 'string' && isActivityContentType(type);
}

const isSubscribeTemplate = (template: unknown): template is string =>
  typeof template === 'string' && template.includes('{uri}') && readIri(template.replaceAll('{uri}', '')) !== null;

function normaliseHandle(subject: string): string | null {
  const match = /^acct:([^@\s]+)@([^@\s/]+)$/i.exec(subject);
  return match === null ? null : `${match[1]}@${match[2]?.toLowerCase()}`;
}
