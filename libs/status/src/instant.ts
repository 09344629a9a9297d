/** A point in time, as exact as the sender said it (to the nanosecond). */
export interface Instant {
  /** `YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ`, UTC and of fixed width: comparing keys as strings compares the instants. */
  readonly key: string;
  /** Milliseconds since the epoch, an integer, rounded down. */
  readonly ms: number;
}

const LONGEST = 64;
/** RFC 3339 section 5.6 (lower case and the blank included), with the seconds optional as in Activity Streams 2.0 section 2.3. */
const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
const MINUTE_MS = 60_000;

/**
 * Reads an RFC 3339 date-time with any offset. Fraction digits beyond the ninth are cut off. A leap second (`:60`) reads as the
 * last nanosecond of its minute, which keeps it before the next one.
 *
 * @returns null for anything else: no offset, dates that do not exist, years outside 0001–9999 (in UTC), more than 64 characters.
 */
export function parseInstant(text: unknown): Instant | null {
  if (typeof text !== 'string' || text.length > LONGEST) return null;
  const match = DATE_TIME.exec(text);
  if (match === null) return null;
  const part = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  const [offsetHour, offsetMinute] = [part(9), part(10)];
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return null;

  const date = new Date(0);
  // Not Date.UTC: that takes the years 0–99 for 1900–1999.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const leap = second === 60;
  date.setUTCHours(hour, minute, leap ? 59 : second);
  const offset = (offsetHour * 60 + offsetMinute) * (match[8] === '-' ? -1 : 1);
  const wholeSecond = date.getTime() - offset * MINUTE_MS;

  const iso = new Date(wholeSecond).toISOString();
  // Years beyond four digits are written with a sign.
  if (!/^\d{4}-/.test(iso) || iso.startsWith('0000')) return null;
  const nanoseconds = leap ? '999999999' : (match[7] ?? '').slice(0, 9).padEnd(9, '0');
  return { key: `${iso.slice(0, 19)}.${nanoseconds}Z`, ms: wholeSecond + Number(nanoseconds.slice(0, 3)) };
}

/**
 * Writes milliseconds since the epoch as RFC 3339 in UTC: `…:53.539Z` with 3 digits, `…:53Z` with none (rounded down).
 *
 * @throws RangeError when `ms` is outside the years 0001–9999.
 */
export function formatInstant(ms: number, digits: 0 | 3): string {
  const iso = new Date(ms).toISOString();
  if (!/^\d{4}-/.test(iso) || iso.startsWith('0000')) throw new RangeError(`not within the years 0001–9999: ${ms}`);
  return digits === 3 ? iso : `${iso.slice(0, 19)}Z`;
}
