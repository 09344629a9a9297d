// What a run says of itself.

const time = (ms) => new Date(ms).toISOString().slice(11, 23);
const MOST_FINDINGS = 40;

/** One finding with all that is known: actor, status, what was told and when, the faults nearest to it. */
export function describe({ kind, what, actor, statusId, told, at }, faults) {
  const lines = [`${kind.toUpperCase()}: ${what}`];
  if (actor) lines.push(`  actor ${actor}`);
  if (statusId) lines.push(`  status ${statusId}`);
  if (told) {
    const words = told.text ? ` "${told.text}"` : '';
    const acknowledged = told.acknowledgedAt ? `acknowledged ${time(told.acknowledgedAt)}` : 'never acknowledged';
    lines.push(`  told "${told.answer}" (${told.kind}${words}), asked ${time(told.first)} to ${time(told.last)}, ${acknowledged}`);
  }
  const when = at ?? told?.last;
  if (when) for (const fault of nearest(faults, when)) lines.push(`  near: ${fault.what}, ${time(fault.at)} to ${fault.until ? time(fault.until) : '?'}`);
  return lines.join('\n');
}

/** The two faults that were closest in time. */
function nearest(faults, when) {
  const distance = ({ at, until }) => (when < at ? at - when : Math.max(0, when - (until ?? at)));
  return faults.toSorted((a, b) => distance(a) - distance(b)).slice(0, 2);
}

export function printFindings(findings, faults) {
  for (const finding of findings.slice(0, MOST_FINDINGS)) console.log(describe(finding, faults));
  if (findings.length > MOST_FINDINGS) console.log(`… and ${findings.length - MOST_FINDINGS} more`);
}

/** By kind of fault: how long until all services were ready again after what was broken ran again. */
export function printRecoveries(recoveries) {
  for (const [what, some] of Object.entries(Object.groupBy(recoveries, ({ kind }) => kind)).sort()) {
    const seconds = some.map(({ ms }) => ms / 1_000).sort((a, b) => a - b);
    const middle = seconds[Math.floor(seconds.length / 2)];
    console.log(`  ${what.padEnd(26)} ${String(some.length).padStart(3)} times, ready again after ${middle.toFixed(1)} s, at most ${seconds.at(-1).toFixed(1)} s`);
  }
}

export const summaryOf = (faults, { acknowledged, findings }) => {
  const count = (kind) => findings.filter((finding) => finding.kind === kind).length;
  return `${faults} faults, ${acknowledged} acknowledged, ${count('lost')} lost, ${count('twice')} twice, ${count('wrong')} wrong`;
};
