export interface Proof {
  readonly number: number;
  readonly quotes: readonly string[];
  readonly tests: readonly { readonly file: string; readonly name: string }[];
}
export interface SuiteResult {
  readonly testFilePath: string;
  readonly testResults: readonly { readonly fullName: string; readonly status: string }[];
}
export function readProofs(): readonly Proof[];
export function parseProofs(markdown: string): readonly Proof[];
export function unproven(proofs: readonly Proof[], suites: readonly SuiteResult[], everything: boolean): readonly string[];
