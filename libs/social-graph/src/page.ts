/** Newest first. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Give it back to get the next page; null on the last one. */
  readonly next: string | null;
}

export interface PageRequest {
  /** Items per page, 1–1,000. */
  readonly limit: number;
  /** `next` of the page before; null or unreadable: the first page. */
  readonly cursor?: string | null;
}

export interface Position {
  readonly since: Date;
  readonly iri: string;
}

export const encodeCursor = ({ since, iri }: Position): string => Buffer.from(`${since.getTime()} ${iri}`).toString('base64url');

/** Null for what `encodeCursor` did not make. */
export function decodeCursor(cursor: string | null | undefined): Position | null {
  const match = /^(\d{1,14}) ([^\0]+)$/.exec(Buffer.from(cursor ?? '', 'base64url').toString());
  return match ? { since: new Date(Number(match[1])), iri: match[2]! } : null;
}

/** Cuts the row off that was read to know whether there is more. */
export function toPage<Item>(rows: readonly Item[], limit: number, positionOf: (item: Item) => Position): Page<Item> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? encodeCursor(positionOf(last)) : null };
}
