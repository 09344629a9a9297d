// What readers have to see, said a second time and from scratch: nothing of libs/status is used here.
//
// A version is (actor, id, published). The greatest (published, id) wins, whatever became of it, and nothing else ever shows. Remove and Delete
// hold for every version of an id. Whoever keeps a history has all versions in it that were not deleted; whoever does not has none.

const NAMES = { publish: 'StatusPublished', remove: 'StatusRemoved', delete: 'StatusDeleted' };

export const keyOf = ({ actor, kind, statusId, published }) => JSON.stringify([actor, NAMES[kind], statusId, kind === 'publish' ? published : null]);

/** Greater is newer. Ids by code point, as their UTF-8 compares. */
export function compareVersions(a, b) {
  const byTime = Date.parse(a.published) - Date.parse(b.published);
  return byTime || Buffer.compare(Buffer.from(a.statusId), Buffer.from(b.statusId)) || Buffer.compare(Buffer.from(a.published), Buffer.from(b.published));
}

export const hasEnded = ({ endTime }, now) => endTime !== null && Date.parse(endTime) <= now;

/**
 * What is to be true: all that was acknowledged, and of the rest what the log has.
 * @returns by actor, each `{ kind, actor, statusId, published, text, endTime, keep, eventId, entry }`
 */
export function factsOf({ told, log, submitted }) {
  const texts = new Map(submitted.map(({ eventId, text }) => [eventId, text]));
  const entries = told.filter(({ kind }) => kind in NAMES);
  const byText = new Map(entries.filter(({ kind }) => kind === 'publish').map((entry) => [entry.text, entry]));
  const byKey = Map.groupBy(entries, keyOf);
  const facts = [];
  for (const row of log) {
    const text = texts.get(row.eventId) ?? null;
    const entry = row.kind === 'publish' ? byText.get(text) : byKey.get(keyOf(row))?.[0];
    facts.push({ ...row, text, keep: entry?.keep ?? false, entry: entry ?? null });
  }
  const known = new Set(facts.map(keyOf));
  for (const entry of entries) {
    if (entry.acknowledgedAt === null || entry.statusId === null || known.has(keyOf(entry))) continue;
    known.add(keyOf(entry));
    facts.push({ ...entry, eventId: null, entry });
  }
  return Map.groupBy(facts, ({ actor }) => actor);
}

/** What follows from one actor's facts. @param now when readers looked */
export function stateOf(facts, now) {
  const marked = (kind) => new Set(facts.filter((fact) => fact.kind === kind).map(({ statusId }) => statusId));
  const [removed, deleted] = [marked('remove'), marked('delete')];
  const versions = facts.filter(({ kind }) => kind === 'publish').sort((a, b) => compareVersions(b, a));
  const winner = versions[0] ?? null;
  const cleared = winner === null ? null : deleted.has(winner.statusId) ? 'deleted' : removed.has(winner.statusId) ? 'removed' : null;
  const current = winner !== null && cleared === null && !hasEnded(winner, now) ? winner : null;
  const history = versions.filter(({ keep, statusId }) => keep && !deleted.has(statusId));
  const readable = new Set([...history, current]);
  return { winner, cleared, current, history, erased: versions.filter((version) => !readable.has(version)) };
}
