import { Problem } from '@heliograph/platform';

/** Longest handle or address, in UTF-16 units. */
const MAX_ACTOR = 2048;

/** The member `actor` of a body. @throws Problem 400, 422. */
export function readActorName(json: unknown): string {
  const { actor } = readObject(json);
  if (typeof actor === 'string' && actor.length <= MAX_ACTOR) return actor;
  throw new Problem(422, '"actor" is a handle (name@host) or the address of an actor.', { field: 'actor' });
}

/** @throws Problem 400 when the JSON is not an object. */
export function readObject(json: unknown): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Problem(400, 'The body is not a JSON object.');
  return json as Record<string, unknown>;
}
