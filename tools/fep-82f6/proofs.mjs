// docs/fep-82f6.md as data: what it quotes of the FEP, and the tests it names.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '../..');

export const readProofs = () => parseProofs(readFileSync(path.join(root, 'docs/fep-82f6.md'), 'utf8'));

/** One entry for each `### N`. Tests are lines of the form: - `FILE`: full name of the test */
export function parseProofs(markdown) {
  return markdown
    .split(/^### /m)
    .slice(1)
    .map((section) => ({
      number: Number(/^\d+$/m.exec(section)?.[0]),
      quotes: [...section.matchAll(/^> (.+)$/gm)].map(([, quote]) => quote),
      tests: [...section.matchAll(/^- `([^`]+)`: (.+)$/gm)].map(([, file, name]) => ({ file, name })),
    }));
}

/**
 * The named tests that did not pass in a run, each in one line.
 * @param proofs of `parseProofs`
 * @param suites what jest says of each file: `testFilePath` and `testResults`
 * @param everything whether the run was of all files: then a file that is missing is told, too
 */
export function unproven(proofs, suites, everything) {
  const files = new Map(suites.map(({ testFilePath, testResults }) => [path.relative(root, testFilePath), new Map(testResults.map(({ fullName, status }) => [fullName, status]))]));
  return proofs.flatMap(({ number, tests }) =>
    tests.flatMap(({ file, name }) => {
      const results = files.get(file);
      if (!results) return everything ? [`${number}: ${file} did not run`] : [];
      const status = results.get(name) ?? 'not there';
      return status === 'passed' ? [] : [`${number}: ${file}: "${name}" is ${status}`];
    }),
  );
}
