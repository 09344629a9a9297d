import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readActivity, readActor, readWebFinger } from './index.ts';

/** What peers send, one file each, with what we make of it. The captures are as they came over the wire. */
interface Fixture {
  readonly about: string;
  /** A file in `captures`, and which member of it holds the document; otherwise the document is here. */
  readonly capture?: string;
  readonly member?: string | null;
  readonly activity?: unknown;
  readonly document?: unknown;
  readonly handle?: string;
  readonly expected: { readonly kind: string };
}

const root = path.join(import.meta.dirname, 'fixtures');
const readFile = (...names: string[]): unknown => JSON.parse(readFileSync(path.join(root, ...names), 'utf8'));

function fixtures(folder: string): readonly (readonly [string, Fixture])[] {
  return readdirSync(path.join(root, folder)).map((file) => [file.replace(/\.json$/, ''), readFile(folder, file) as Fixture]);
}

function documentOf({ capture, member, activity, document }: Fixture): unknown {
  if (capture === undefined) return activity ?? document;
  const captured = readFile('captures', capture);
  return typeof member === 'string' ? (captured as Record<string, unknown>)[member] : captured;
}

/** What is refused says why in a sentence, which is not part of the expectation. */
function expectOutcome(outcome: { readonly kind: string }, expected: Fixture['expected']): void {
  const { detail, ...rest } = outcome as { kind: string; detail?: string };
  expect(rest).toEqual(expected);
  expect(detail === undefined || /^[A-Z].*\.$/.test(detail)).toBe(true);
}

test.each(fixtures('activities'))('activity %s', (_name, fixture) => {
  expectOutcome(readActivity(documentOf(fixture)), fixture.expected);
});

test.each(fixtures('actors'))('actor %s', (_name, fixture) => {
  expectOutcome(readActor(documentOf(fixture), 'https://remote.example/users/bob'), fixture.expected);
});

test.each(fixtures('web-finger'))('web-finger %s', (_name, fixture) => {
  expectOutcome(readWebFinger(documentOf(fixture), fixture.handle ?? ''), fixture.expected);
});
