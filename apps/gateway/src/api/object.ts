import { Problem } from '@heliograph/platform';

/** @throws Problem 400 when the JSON is not an object. */
export function readObject(json: unknown): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Problem(400, 'The body is not a JSON object.');
  return json as Record<string, unknown>;
}
