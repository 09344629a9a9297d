import { ACTIVITY_STREAMS } from './vocabulary.ts';

/** What we send for ActivityPub documents and post to inboxes: Smithereen, like most, takes this or ld+json with the profile. */
export const ACTIVITY_JSON = 'application/activity+json';
/** The media type ActivityPub section 3.2 asks for. */
export const LD_JSON = `application/ld+json; profile="${ACTIVITY_STREAMS}"`;
/** WebFinger (RFC 7033 section 10.2). */
export const JRD_JSON = 'application/jrd+json';
/** host-meta in XML (RFC 6415 section 2). */
export const XRD_XML = 'application/xrd+xml';
/** `Accept` of our own fetches. */
export const ACTIVITY_ACCEPT = `${ACTIVITY_JSON}, ${LD_JSON}`;

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Whether a body with this Content-Type is an ActivityPub document: activity+json, or ld+json with the Activity Streams profile.
 * Anything else may be what some person uploaded to that server, whatever it says inside (CVE-2024-25623).
 */
export function isActivityContentType(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  const { type, parameters } = parseRange(contentType);
  if (type === ACTIVITY_JSON) return true;
  return type === 'application/ld+json' && (parameters.get('profile') ?? '').split(/\s+/).includes(ACTIVITY_STREAMS);
}

const EXPLICIT_JSON = new Set([ACTIVITY_JSON, 'application/ld+json', 'application/json']);
const EXPLICIT_HTML = new Set(['text/html', 'application/xhtml+xml']);
const WILDCARD = new Set(['*/*', 'application/*']);

/**
 * Whether an `Accept` header asks for the ActivityPub document rather than the page for people. Browsers name text/html, so whoever
 * names neither (curl sends a wildcard, or nothing) gets the document. With both named the greater weight wins, and the document a tie.
 */
export function wantsActivityJson(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  let json = 0;
  let html = 0;
  let wildcard = 0;
  for (const text of accept.split(',')) {
    const { type, parameters } = parseRange(text);
    const weight = weightOf(parameters.get('q'));
    if (EXPLICIT_JSON.has(type)) json = Math.max(json, weight);
    else if (EXPLICIT_HTML.has(type)) html = Math.max(html, weight);
    else if (WILDCARD.has(type)) wildcard = Math.max(wildcard, weight);
  }
  if (json > 0) return json >= html;
  return html === 0 && wildcard > 0;
}

/** RFC 9110 section 12.4.2; what cannot be read counts as 1. */
function weightOf(q: string | undefined): number {
  const weight = Number(q ?? 1);
  return weight >= 0 && weight <= 1 ? weight : 1;
}

function parseRange(text: string): MediaRange {
  const [type = '', ...rest] = text.split(';');
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const equals = parameter.indexOf('=');
    if (equals < 0) continue;
    const value = parameter.slice(equals + 1).trim();
    parameters.set(parameter.slice(0, equals).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1'));
  }
  return { type: type.trim().toLowerCase(), parameters };
}
