import { Problem } from '@heliograph/platform';

const DEFAULT = 20;
const MOST = 100;

/** Reads `limit` (1–100, default 20) and `cursor`. @throws Problem 422. */
export function readPage(query: Record<string, unknown>): { limit: number; cursor: string | null } {
  const { limit = String(DEFAULT), cursor = null } = query;
  if (typeof limit !== 'string' || !/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MOST) {
    throw new Problem(422, `"limit" is a whole number from 1 to ${MOST}.`, { field: 'limit' });
  }
  if (cursor !== null && (typeof cursor !== 'string' || !/^[\w-]{1,4096}$/.test(cursor))) {
    throw new Problem(422, '"cursor" is not one that this server gave out.', { field: 'cursor' });
  }
  return { limit: Number(limit), cursor };
}

/** The page, if the cursor was one of ours. @throws Problem 422. */
export function goodPage<Page extends { readonly kind: string }>(page: Page): Exclude<Page, { kind: 'bad-cursor' }> {
  if (page.kind === 'bad-cursor') throw new Problem(422, '"cursor" is not one that this server gave out.', { field: 'cursor' });
  return page as Exclude<Page, { kind: 'bad-cursor' }>;
}

/** URL of the next page: the same request with another cursor; null at the end. */
export function nextUrl(publicUrl: string, requestUrl: string, cursor: string | null): string | null {
  if (cursor === null) return null;
  const url = new URL(requestUrl, publicUrl);
  url.searchParams.set('cursor', cursor);
  return url.href;
}
