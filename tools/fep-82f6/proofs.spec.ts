import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseProofs, readProofs, unproven } from './proofs.mjs';

const root = path.join(import.meta.dirname, '../..');
const squeezed = (text: string): string => text.replace(/\s/g, '');
const FEP = readFileSync(path.join(import.meta.dirname, 'fep-82f6.txt'), 'utf8');
const NORMATIVE = squeezed(FEP.slice(FEP.indexOf('A status object is of type'), FEP.indexOf('This section is non-normative')));
/** Between the sentences that demand something. */
const BETWEEN = ['It has the following fields:', FEP.slice(FEP.indexOf('{\n"@context"'), FEP.indexOf('Implementations MUST support statuses'))].map(squeezed);

const rest = (quotes: readonly string[]): string => [...quotes, ...BETWEEN].map(squeezed).reduce((text, quote) => text.replace(quote, ''), NORMATIVE);

describe('docs/fep-82f6.md', () => {
  const proofs = readProofs();
  const quotes = proofs.flatMap((proof) => proof.quotes);

  test('quotes every normative sentence, and nothing that the FEP does not say', () => {
    for (const quote of quotes) expect(squeezed(FEP)).toContain(squeezed(quote));
    expect(rest(quotes)).toBe('');
    expect(rest(quotes.slice(1))).not.toBe('');
  });

  test('numbers each, in order, and names a test for each, in a file that is there', () => {
    expect(proofs.map(({ number }) => number)).toEqual(proofs.map((_, index) => index + 1));
    for (const { tests } of proofs) expect(tests.length).toBeGreaterThan(0);
    const files = proofs.flatMap(({ tests }) => tests.map(({ file }) => file));
    expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });
});

describe('a run', () => {
  const [file, name] = ['e2e/some.e2e.ts', 'group that it works'];
  const proofs = parseProofs(`### 1\n> It MUST work.\n\n- \`${file}\`: ${name}\n`);
  const ran = (fullName: string, status: string) => [{ testFilePath: path.join(root, file), testResults: [{ fullName, status }] }];

  test('in which the test passed proves it', () => {
    expect(unproven(proofs, ran(name, 'passed'), true)).toEqual([]);
  });
  test.each([
    ['failed', ran(name, 'failed'), /failed/],
    ['was skipped', ran(name, 'pending'), /pending/],
    ['has another name', ran('group that it worked', 'passed'), /not there/],
    ['was not run', [], /did not run/],
  ])('in which it %s does not', (_what, suites, complaint) => {
    expect(unproven(proofs, suites, true)).toEqual([expect.stringMatching(complaint)]);
  });
  test('of other files says nothing about it', () => {
    expect(unproven(proofs, [], false)).toEqual([]);
  });
});
