/** An object as `JSON.parse` makes it. Read it through `own` alone: a stranger names the members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The document has a member that cannot be used: HTTP 422. `field` is its path in the document, `detail` a sentence for people. */
export interface Invalid {
  readonly kind: 'invalid';
  readonly field: string;
  readonly detail: string;
}

export const invalid = (field: string, detail: string): Invalid => ({ kind: 'invalid', field, detail });

/** Longest id we take, in bytes of UTF-8: two of them have to fit into one entry of a PostgreSQL index (2,704 bytes). */
export const MAX_IRI_BYTES = 1000;
/** Longest link for people to follow, in bytes of UTF-8. */
const MAX_LINK_BYTES = 2048;
/** Arrays that should be short are read up to here. */
const MAX_ELEMENTS = 100;
// C0 controls, blank, DEL, and what a URL parser would quietly turn into something else.
const UNSAFE_IN_IRI = /[\u0000-\u0020\u007f\\]/;

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member of the object itself, never of its prototype. JSON-LD knows no difference between null and absent, so null reads as undefined. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? (object[key] ?? undefined) : undefined;
}

/** JSON-LD writes one value with or without an array around it. */
export const single = (value: unknown): unknown => (Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value);

/** The same for members that may have several values; the first hundred. */
export function list(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value.slice(0, MAX_ELEMENTS) as unknown[]) : [value];
}

/** `type` as a list of names, whether it is a string or an array. */
export const typesOf = (object: JsonObject): readonly string[] =>
  list(own(object, 'type')).filter((type) => typeof type === 'string');

/**
 * An absolute http or https IRI of at most 1,000 bytes, without user name or password, exactly as sent: ids are compared as strings.
 * Anything else is null.
 */
export const readIri = (value: unknown): string | null => readUrl(value, MAX_IRI_BYTES);

function readUrl(value: unknown, maxBytes: number): string | null {
  if (typeof value !== 'string' || Buffer.byteLength(value) > maxBytes) return null;
  if (!/^https?:\/\//i.test(value) || UNSAFE_IN_IRI.test(value) || !value.isWellFormed()) return null;
  const url = URL.parse(value);
  return url === null || url.username !== '' || url.password !== '' ? null : value;
}

/** A reference to another object: its IRI, or the object with its `id`, or an array of one of them. */
export function readReference(value: unknown): string | null {
  const one = single(value);
  return readIri(isObject(one) ? own(one, 'id') : one);
}

/** A link for people to follow: an IRI, or an object with `href` or `url` (Link, Image, Document), or the first of an array that has one. */
export function readLink(value: unknown): string | null {
  for (const one of list(value)) {
    if (!isObject(one)) {
      const link = readUrl(one, MAX_LINK_BYTES);
      if (link !== null) return link;
      continue;
    }
    for (const member of [own(one, 'href'), ...list(own(one, 'url'))]) {
      const link = readUrl(isObject(member) ? own(member, 'href') : member, MAX_LINK_BYTES);
      if (link !== null) return link;
    }
  }
  return null;
}

/** Scheme and authority: what comes before path, query and fragment. */
const ORIGIN = /^https?:\/\/[^/?#]+/i;

/** Both are IRIs as `readIri` returns them; same scheme, host and port (FEP-fe34: objects of one origin belong together). */
export function sameOrigin(a: string, b: string): boolean {
  const literal = ORIGIN.exec(a)?.[0];
  // Mostly they are spelled alike, which says it without parsing.
  return (literal !== undefined && literal === ORIGIN.exec(b)?.[0]) || new URL(a).origin === new URL(b).origin;
}

/** Text that PostgreSQL can hold: without NUL, and with U+FFFD in place of lone surrogates. */
export const storableText = (text: string): string => text.replaceAll('\0', '').toWellFormed();

/** A short text such as a name: storable, trimmed, cut at `limit` UTF-16 units; null when there is none. */
export function readShortText(value: unknown, limit: number): string | null {
  if (typeof value !== 'string') return null;
  // Cut first: a megabyte of blanks is not worth trimming. Cut again into well-formed text in case a pair was divided.
  return storableText(value.slice(0, limit)).trim() || null;
}
