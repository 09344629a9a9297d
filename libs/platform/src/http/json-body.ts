import { Problem } from './problem.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Parses a request body as JSON. @throws Problem 400 that says what is unreadable. */
export function readJson(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new Problem(400, 'The request has no body; JSON is expected.');
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new Problem(400, 'The body is not valid UTF-8.');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Problem(400, `The body is not JSON: ${(error as Error).message}.`);
  }
}
