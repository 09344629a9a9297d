import { spellings } from '../vocabulary.ts';
import { isObject, own, readIri, sameOrigin, single, typesOf, type JsonObject } from './json.ts';
import { defaultLanguage } from './language.ts';
import { readStatus, type ReadStatus } from './status.ts';

/** One document of a collection: the collection itself, or a page of it, inlined or fetched. */
export interface CollectionPart {
  /** As they are, in the order in which they are listed. */
  readonly items: readonly unknown[];
  /** Where it goes on: addresses, or pages inlined. A collection may have items of its own and pages besides. */
  readonly more: readonly (string | JsonObject)[];
}

/** An item of somebody's `statusHistory`. */
export type HistoryItem =
  | { readonly kind: 'status'; readonly status: ReadStatus }
  /** Only its address is there. */
  | { readonly kind: 'link'; readonly id: string }
  /** Another's, or on another server than its actor. */
  | { readonly kind: 'foreign' }
  /** No status that can be read. */
  | { readonly kind: 'unreadable' };

/**
 * Reads one part of a collection in any shape that is spoken (Activity Streams 2.0 section 5): Collection or OrderedCollection, pages or
 * none, `items` or `orderedItems`, one item with or without an array around it. Which type it says it is does not matter.
 *
 * @param maxItems items beyond that are left out.
 */
export function readCollectionPart(json: JsonObject, maxItems: number): CollectionPart {
  const listed = own(json, 'orderedItems') ?? own(json, 'items');
  const items = listed === undefined ? [] : Array.isArray(listed) ? (listed.slice(0, maxItems) as unknown[]) : [listed];
  return { items, more: [own(json, 'first'), own(json, 'next')].map(partOf).filter((part) => part !== null) };
}

/** Where the `statusHistory` of an actor document (FEP-82f6) begins: its address, or the collection itself when that is inlined. Null: there is none. */
export const statusHistoryOf = (actor: JsonObject): string | JsonObject | null =>
  partOf(spellings('statusHistory').map((key) => own(actor, key)).find((value) => value !== undefined));

/** An object that says nothing but its id is as good as a link. */
function partOf(value: unknown): string | JsonObject | null {
  const one = single(value);
  if (!isObject(one)) return readIri(one);
  const says = ['orderedItems', 'items', 'first', 'next'].some((key) => own(one, key) !== undefined);
  return says ? one : readIri(own(one, 'id'));
}

/** Reads an item of the `statusHistory` of `actor`; `part` is the document that lists it. */
export function readHistoryItem(item: unknown, actor: string, part: JsonObject): HistoryItem {
  if (!isObject(item) || typesOf(item).length === 0) {
    const id = readIri(isObject(item) ? own(item, 'id') : item);
    if (id === null) return { kind: 'unreadable' };
    return sameOrigin(id, actor) ? { kind: 'link', id } : { kind: 'foreign' };
  }
  const status = readStatus(item, '', defaultLanguage(part));
  if ('kind' in status) return { kind: 'unreadable' };
  return status.attributedTo === actor && sameOrigin(status.statusId, actor) ? { kind: 'status', status } : { kind: 'foreign' };
}
