// Log, current and history against what senders were told.
import { keyOf } from './model.mjs';

/** Everything acknowledged is in the log, everything in the log was said by somebody, and nothing said once is there under two ids. */
export function checkLog({ told, log, restores }, facts) {
  const inLog = new Set(log.map(keyOf));
  const findings = [];
  for (const entry of told) {
    if (!['publish', 'remove', 'delete'].includes(entry.kind) || entry.acknowledgedAt === null) continue;
    if (!inLog.has(keyOf(entry))) findings.push({ kind: 'lost', what: `acknowledged ${entry.kind} is not in the log`, ...about(entry), told: entry });
  }
  for (const [key, rows] of Map.groupBy(log, keyOf)) {
    if (rows.length > 1) findings.push({ kind: 'twice', what: `the log has ${key} ${rows.length} times`, ...about(rows[0]) });
  }
  const all = [...facts.values()].flat();
  for (const fact of all.filter(({ entry }) => entry === null)) {
    findings.push({ kind: 'wrong', what: `the log has a ${fact.kind} that nobody sent`, ...about(fact) });
  }
  const { findings: repeated, notes } = checkSaidOnce(all, restores);
  return { findings: [...findings, ...repeated], notes };
}

/**
 * People here ask under an Idempotency-Key until they are answered. A database restored in between has lost the key: then the same
 * request may be carried out a second time, and that is no more than operations.md says.
 */
function checkSaidOnce(facts, restores) {
  const findings = [];
  let overRestores = 0;
  const local = facts.filter(({ kind, origin, entry }) => kind === 'publish' && origin === 'local' && entry);
  for (const [entry, versions] of Map.groupBy(local, ({ entry }) => entry)) {
    const ids = [...new Set(versions.map(({ statusId }) => statusId))];
    if (ids.length < 2) continue;
    if (restores.some(({ from, until }) => entry.first <= from && entry.last >= until)) overRestores += 1;
    else findings.push({ kind: 'twice', what: `one request set ${ids.length} statuses: ${ids.join(', ')}`, ...about(versions[0]), told: entry });
  }
  return { findings, notes: { 'requests carried out again because a restore lost their Idempotency-Key': overRestores } };
}

/** The tables and the API show what follows from the facts, and no text stays that nobody may read. */
export function checkStates({ log, current, history, shown, historyShown }, states) {
  const findings = [];
  const winners = new Map(current.map((row) => [row.actor, row]));
  const rows = new Map(shown.map(({ actor, text }) => [actor, text]));
  const pages = { 'the table': Map.groupBy(history, ({ actor }) => actor), 'the API': Map.groupBy(historyShown, ({ actor }) => actor) };
  const withText = new Set(log.filter(({ hasText }) => hasText).map(({ eventId }) => eventId));
  for (const [actor, state] of states) {
    findings.push(...checkWinner(actor, state, winners.get(actor)));
    const expected = state.current?.text ?? null;
    const found = rows.get(actor) ?? null;
    if (found !== expected) findings.push(wrongState(actor, state, `the API shows ${quoted(found)} as current instead of ${quoted(expected)}`));
    for (const [where, byActor] of Object.entries(pages)) {
      const texts = (byActor.get(actor) ?? []).map(({ text }) => text);
      findings.push(...checkHistory(actor, state, where, texts));
    }
    for (const version of state.erased.filter(({ eventId }) => withText.has(eventId))) {
      findings.push({ kind: 'wrong', what: `the log keeps a text that has to be gone: ${quoted(version.text)}`, ...about(version), told: version.entry });
    }
  }
  return findings;
}

function checkWinner(actor, state, row) {
  const expected = state.winner && [state.winner.statusId, state.winner.published, state.cleared];
  const found = row?.statusId ? [row.statusId, row.published, row.cleared] : null;
  if (JSON.stringify(found) === JSON.stringify(expected)) return [];
  return [wrongState(actor, state, `current_status has ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`)];
}

function checkHistory(actor, state, where, found) {
  const expected = state.history.map(({ text }) => text);
  const findings = [];
  const timesIn = (texts, text) => texts.filter((other) => other === text).length;
  for (const version of state.history.filter(({ text }) => !found.includes(text))) {
    findings.push({ kind: 'lost', what: `the history in ${where} lacks ${quoted(version.text)}`, ...about(version), told: version.entry });
  }
  const repeated = new Set(found.filter((text, at) => found.indexOf(text) !== at));
  for (const text of [...repeated].filter((text) => timesIn(found, text) > timesIn(expected, text))) findings.push({ kind: 'twice', what: `the history in ${where} has ${quoted(text)} twice`, actor });
  for (const text of found.filter((text) => !expected.includes(text))) {
    findings.push({ kind: 'wrong', what: `the history in ${where} has ${quoted(text)}, which does not belong there`, actor });
  }
  if (findings.length === 0 && JSON.stringify(found) !== JSON.stringify(expected)) findings.push(wrongState(actor, state, `the history in ${where} is not in order`));
  return findings;
}

const quoted = (text) => (text === null ? 'nothing' : `"${text}"`);
const about = ({ actor, statusId }) => ({ actor, statusId });
const wrongState = (actor, { winner }, what) => ({ kind: 'wrong', what, actor, statusId: winner?.statusId ?? null, told: winner?.entry ?? undefined });
