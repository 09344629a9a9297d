import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Each text in `fixture` says in its first line which file it is to be linted as, and in its second what must come of it: `allowed`, or
 * `breaks` and the rules. The real configuration of the workspace judges them, in a process of its own: what nx and ESLint load does not
 * run inside jest.
 */
const workspace = path.resolve(import.meta.dirname, '../..');
const folder = path.join(import.meta.dirname, 'fixture');

interface Fixture {
  readonly name: string;
  readonly filePath: string;
  readonly breaks: readonly string[];
  readonly code: string;
}

function readFixture(file: string): Fixture {
  const code = readFileSync(path.join(folder, file), 'utf8');
  const [, filePath, verdict] = /^\/\/ (\S+\.ts)\n\/\/ (allowed|breaks(?: \S+)+)\n/.exec(code) ?? [];
  if (!filePath || !verdict) throw new Error(`${file} does not begin with "// FILE" and "// allowed" or "// breaks RULE"`);
  return { name: path.basename(file, '.ts.txt'), filePath, breaks: verdict.split(' ').slice(1), code };
}

const fixtures = readdirSync(folder).sort().map(readFixture);

describe('module boundaries', () => {
  /** By name of the fixture: the rules it breaks. */
  let broken: ReadonlyMap<string, readonly string[]>;

  beforeAll(() => {
    // A project graph of this very moment: without one the rule says nothing, and a stale one may know other tags.
    const graph = mkdtempSync(path.join(tmpdir(), 'heliograph-nx-'));
    const run = (script: string, args: readonly string[], input = ''): string => {
      const env = { ...process.env, NX_DAEMON: 'false', NX_WORKSPACE_DATA_DIRECTORY: graph };
      const { status, stdout, stderr, error } = spawnSync(process.execPath, [script, ...args], { cwd: workspace, env, input, encoding: 'utf8' });
      if (error || status !== 0) throw new Error(`${script} ended with ${status}: ${error?.message ?? ''}${stderr}${stdout}`);
      return stdout;
    };
    try {
      run(createRequire(import.meta.url).resolve('nx/bin/nx'), ['show', 'projects']);
      const printed = JSON.parse(run(path.join(import.meta.dirname, 'lint.mjs'), [], JSON.stringify(fixtures))) as string[][];
      broken = new Map(fixtures.map(({ name }, i) => [name, printed[i]!]));
    } finally {
      rmSync(graph, { recursive: true, force: true });
    }
  }, 120_000);

  test.each(fixtures.filter(({ breaks }) => breaks.length > 0))('$name breaks $breaks', ({ name, breaks }) => {
    expect(broken.get(name)).toEqual(breaks);
  });

  test.each(fixtures.filter(({ breaks }) => breaks.length === 0))('$name is allowed', ({ name }) => {
    expect(broken.get(name)).toEqual([]);
  });

  test('every rule has a fixture that breaks it', () => {
    expect(new Set(fixtures.flatMap(({ breaks }) => breaks))).toEqual(
      new Set(['@nx/enforce-module-boundaries', 'no-restricted-globals', 'no-restricted-imports', 'no-restricted-properties']),
    );
  });
});
