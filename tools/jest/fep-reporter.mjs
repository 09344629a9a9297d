import { readProofs, unproven } from '../fep-82f6/proofs.mjs';

/** Fails a run in which a test that docs/fep-82f6.md names did not pass. A run of some files is asked about those; one by name about none. */
export default class FepReporter {
  #complaints = [];
  #everything;
  #byName;

  constructor({ nonFlagArgs = [], testNamePattern, testPathPatterns, onlyChanged, shard }) {
    this.#byName = Boolean(testNamePattern);
    this.#everything = nonFlagArgs.length === 0 && !testPathPatterns?.patterns?.length && !onlyChanged && !shard;
  }

  onRunComplete(_, { testResults }) {
    if (this.#byName) return;
    this.#complaints = unproven(readProofs(), testResults, this.#everything);
    if (this.#complaints.length > 0) console.error(`\ndocs/fep-82f6.md names tests that did not pass in this run:\n  ${this.#complaints.join('\n  ')}`);
  }

  getLastError() {
    return this.#complaints.length > 0 ? new Error('requirements of FEP-82f6 without proof') : undefined;
  }
}
