/** One page of a list, or the finding that the cursor is none of ours. */
export type Page<Item> =
  | { readonly kind: 'page'; readonly items: readonly Item[]; /** Null on the last page. */ readonly next: string | null }
  | { readonly kind: 'bad-cursor' };

/** A place in a list: the sort key of the last item seen, as opaque base64url. */
export const encodeCursor = (key: readonly string[]): string => Buffer.from(JSON.stringify(key)).toString('base64url');

/** Null unless it is a cursor of `length` texts without NUL, of at most 8,192 characters. */
export function decodeCursor(cursor: string, length: number): readonly string[] | null {
  if (cursor.length > 8192 || !/^[\w-]+$/.test(cursor)) return null;
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const valid = Array.isArray(key) && key.length === length && key.every((part) => typeof part === 'string' && !part.includes('\0'));
    return valid ? (key as string[]) : null;
  } catch {
    return null;
  }
}

/** Cuts rows that were read with one more than `limit` into a page. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  itemOf: (row: Row) => Item,
  keyOf: (row: Row) => readonly string[],
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { kind: 'page', items: shown.map(itemOf), next: last === undefined ? null : encodeCursor(keyOf(last)) };
}
