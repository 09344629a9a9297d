/** Ends a test run with what it ran on. */
export default class EnginesReporter {
  onRunComplete(_, { testResults }) {
    const table = globalThis.heliographTestEngines?.table ?? [];
    const rows = table.map(({ engine, what, suites }) => [engine, what, suites ? outcomeOf(testResults.filter(({ testFilePath }) => suites.includes(testFilePath))) : '']);
    const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
    console.error('\nEngines of this run:');
    for (const [engine, what, outcome] of rows) console.error(`  ${engine.padEnd(widths[0])}  ${what.padEnd(widths[1])}  ${outcome}`.trimEnd());
  }
}

function outcomeOf(results) {
  if (results.length === 0) return '';
  const sum = (count) => results.reduce((total, result) => total + result[count], 0);
  const outcomes = [
    ['passed', sum('numPassingTests')],
    ['failed', sum('numFailingTests')],
    ['skipped', sum('numPendingTests')],
  ].filter(([, count]) => count > 0);
  return `${results.length} suite${results.length > 1 ? 's' : ''}: ${outcomes.map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`;
}
