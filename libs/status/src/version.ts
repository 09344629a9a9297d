import { parseInstant } from './instant.ts';

/** What tells two versions of an actor's statuses apart, and puts them in order. */
export interface VersionKey {
  /** The instant of `published` (`parseInstant`): orders before anything else. */
  readonly publishedKey: string;
  readonly statusId: string;
  /** As sent. Two spellings of one instant are two versions. */
  readonly published: string;
}

/** Orders strings by code point, as PostgreSQL's collation "C" does on UTF-8 (`<` orders by UTF-16 unit, which differs above U+FFFF). */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    // Where two strings first differ within a surrogate pair, both are in one: their units then order as their code points do.
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Lifts surrogates (code points above U+FFFF) over the units U+E000–U+FFFF. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit);

/** Negative when `a` is the older one. The greatest version is the winner. */
export const compareVersions = (a: VersionKey, b: VersionKey): number =>
  compareCodePoints(a.publishedKey, b.publishedKey) ||
  compareCodePoints(a.statusId, b.statusId) ||
  compareCodePoints(a.published, b.published);

/** @throws Error when the text is not RFC 3339: whoever made the event had to check that. */
export function instantKeyOf(text: string): string {
  const instant = parseInstant(text);
  if (instant === null) throw new Error(`an event carries an unreadable instant of ${text.length} characters`);
  return instant.key;
}
