import { ACTIVITY_STREAMS, STATUS_CONTEXT } from '../vocabulary.ts';
import { rewriteInstant } from './status.ts';

/** An item of a page: an id, or an object, whose own `@context` gives way to the page's. */
export type CollectionItem = string | object;

interface Collection {
  readonly id: string;
  readonly totalItems: number;
  /** The first page; null for a collection whose items are nobody's business. */
  readonly first: string | null;
}

/** A collection that is read by its pages (Activity Streams 2.0 section 5.3). */
export const orderedCollection = ({ id, totalItems, first }: Collection) => ({
  '@context': ACTIVITY_STREAMS,
  type: 'OrderedCollection' as const,
  id,
  totalItems,
  ...(first !== null && { first }),
});

interface Page {
  readonly id: string;
  readonly partOf: string;
  readonly totalItems: number;
  readonly items: readonly CollectionItem[];
  readonly next: string | null;
  readonly prev: string | null;
}

/** A page of an ordered collection, items newest first. */
export const orderedCollectionPage = ({ id, partOf, totalItems, items, next, prev }: Page) => ({
  '@context': STATUS_CONTEXT,
  type: 'OrderedCollectionPage' as const,
  id,
  partOf,
  totalItems,
  ...(next !== null && { next }),
  ...(prev !== null && { prev }),
  orderedItems: items.map(withoutContext),
});

/** What stands at the id of a status that is gone (Activity Streams 2.0 vocabulary, Tombstone); goes with HTTP 410. */
export const tombstone = ({ id, formerType, deleted = null }: { readonly id: string; readonly formerType: 'ActorStatus' | 'Person'; readonly deleted?: string | null }) => ({
  '@context': STATUS_CONTEXT,
  type: 'Tombstone' as const,
  id,
  formerType,
  ...(deleted !== null && { deleted: rewriteInstant(deleted, 0) }),
});

function withoutContext(item: CollectionItem): CollectionItem {
  if (typeof item === 'string' || !('@context' in item)) return item;
  const { '@context': _, ...rest } = item;
  return rest;
}
