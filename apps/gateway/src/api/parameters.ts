/** Of every list (see `readPage`). */
export const LIMIT = { name: 'limit', required: false, schema: { type: 'integer' as const, minimum: 1, maximum: 100, default: 20 } };
export const CURSOR = { name: 'cursor', required: false, schema: { type: 'string' as const }, description: 'from `next`' };

/** Of a path. */
export const ACTOR = { name: 'actor', description: 'a local name, `name@host` with or without leading @, or a percent-encoded IRI', schema: { type: 'string' as const } };

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}
