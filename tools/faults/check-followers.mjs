// Who follows, what followers elsewhere received, and what they must take for current after it.
import { compareVersions, hasEnded } from './model.mjs';

const TYPES = { publish: 'Create', remove: 'Remove', delete: 'Delete' };
const STATUS_TYPES = new Set(Object.values(TYPES));
const pairOf = ({ actor, follower }) => `${actor} ${follower}`;

/**
 * What stands between two: the last thing that was acknowledged, and since when the follow goes on without a break (a second Follow in the
 * place of the first is none). Null where nobody can say.
 */
function standing(told) {
  const pairs = Map.groupBy(told.filter(({ kind }) => kind === 'follow' || kind === 'undo'), pairOf);
  return new Map(
    [...pairs].map(([pair, entries]) => {
      if (entries.some(({ acknowledgedAt }) => acknowledgedAt === null)) return [pair, null];
      const beginning = entries[entries.findLastIndex(({ kind }) => kind === 'undo') + 1];
      return [pair, { ...entries.at(-1), entry: entries.at(-1), since: beginning?.first ?? null }];
    }),
  );
}

/** The table of followers is what was acknowledged, and every Follow that stands was accepted, under one id. */
export function checkGraph({ told, followers, received }) {
  const findings = [];
  const rows = new Map(followers.map((row) => [pairOf(row), row.followId]));
  const accepts = Map.groupBy(received.filter(({ type }) => type === 'Accept'), ({ objectId }) => objectId);
  const last = standing(told);
  for (const [pair, latest] of last) {
    if (latest === null) continue;
    const { entry } = latest;
    const expected = entry.kind === 'follow' ? entry.followId : undefined;
    const found = rows.get(pair);
    if (found !== expected) {
      const kind = found === undefined ? 'lost' : 'wrong';
      const what = `${entry.follower} follows by ${found ?? 'nothing'} instead of ${expected ?? 'nothing'}`;
      findings.push({ kind, what, actor: entry.actor, told: entry });
    } else if (expected && !accepts.has(expected)) {
      findings.push({ kind: 'lost', what: `no Accept came for ${expected}`, actor: entry.actor, told: entry });
    }
  }
  for (const row of followers) if (!last.has(pairOf(row))) findings.push({ kind: 'wrong', what: `${row.follower} never asked to follow`, actor: row.actor });
  for (const [followId, some] of accepts) {
    const ids = new Set(some.map(({ activityId }) => activityId));
    if (ids.size > 1) findings.push({ kind: 'twice', what: `${followId} was accepted under ${ids.size} ids`, actor: some[0].actor, at: some[0].at });
  }
  return findings;
}

/** One change has one activity id wherever and however often it is delivered, and one activity id has one meaning. */
export function checkActivityIds({ received }) {
  const statuses = received.filter(({ type }) => STATUS_TYPES.has(type));
  const findings = [];
  for (const [change, some] of Map.groupBy(statuses, ({ type, objectId }) => `${type} of ${objectId}`)) {
    const ids = [...new Set(some.map(({ activityId }) => activityId))];
    if (ids.length > 1) findings.push({ kind: 'twice', what: `${change} came under ${ids.length} ids: ${ids.join(', ')}`, ...about(some[0]) });
  }
  for (const [id, some] of Map.groupBy(statuses, ({ activityId }) => activityId)) {
    const meanings = new Set(some.map(({ type, objectId, text }) => JSON.stringify([type, objectId, type === 'Create' ? text : null])));
    if (meanings.size > 1) findings.push({ kind: 'wrong', what: `${id} had ${meanings.size} meanings`, ...about(some[0]) });
  }
  return findings;
}

const about = ({ actor, objectId, at }) => ({ actor, statusId: objectId, at });

/**
 * Everything that local people did reached every inbox of those who followed all the time, or its delivery was given up for a reason that
 * the facts bear out: something newer stands, its text is gone, it expired.
 */
export function checkDeliveries({ told, received, cancelled, ended, checkedAt }, facts) {
  const staying = told.filter(({ kind, steady, acknowledgedAt }) => kind === 'follow' && steady && acknowledgedAt !== null);
  const steady = Map.groupBy(staying, ({ actor }) => actor);
  const arrived = new Set(received.map(({ inbox, type, objectId }) => `${inbox} ${type} ${objectId}`));
  const reasons = Map.groupBy(cancelled, ({ inbox, eventId }) => `${inbox} ${eventId}`);
  const over = new Set(ended.map(({ inbox, eventId }) => `${inbox} ${eventId}`));
  const findings = [];
  for (const [actor, all] of facts) {
    const inboxes = new Set((steady.get(actor) ?? []).map(({ audience }) => audience));
    for (const fact of all.filter(({ origin, eventId }) => origin === 'local' && eventId !== null)) {
      const excuses = excusesFor(fact, all, checkedAt);
      for (const inbox of inboxes) {
        if (arrived.has(`${inbox} ${TYPES[fact.kind]} ${fact.statusId}`)) continue;
        const given = (reasons.get(`${inbox} ${fact.eventId}`) ?? []).map(({ reason }) => reason);
        if (given.some((reason) => excuses.has(reason))) continue;
        // Given up by a process that was killed before it could say so.
        if (given.length === 0 && excuses.size > 0 && over.has(`${inbox} ${fact.eventId}`)) continue;
        const why = given.length > 0 ? `given up: ${[...new Set(given)].join(', ')}` : 'and was not given up either';
        const what = `${TYPES[fact.kind]} did not arrive at ${inbox} (${why})`;
        findings.push({ kind: 'lost', what, actor, statusId: fact.statusId, told: fact.entry ?? undefined });
      }
    }
  }
  return findings;
}

/** For which reasons the delivery of a change may be given up. */
function excusesFor(fact, facts, now) {
  const excuses = new Set();
  if (fact.kind === 'delete') return excuses;
  const others = facts.filter((other) => other.kind === 'publish' && other.statusId !== fact.statusId);
  if (fact.kind === 'remove') return others.length > 0 ? excuses.add('superseded') : excuses;
  const retracted = facts.some(({ kind, statusId }) => kind !== 'publish' && statusId === fact.statusId);
  if (retracted || others.some((other) => compareVersions(other, fact) > 0)) excuses.add('superseded').add('erased');
  if (hasEnded(fact, now)) excuses.add('expired').add('superseded').add('erased');
  return excuses;
}

/**
 * What a follower takes for current at the end, going by `published` as the FEP says. Two things are told apart, because no message can
 * mend them: the winner had expired, or was erased, before it could be told. Of the first nothing is sent at all, and of the second only the
 * Remove or Delete: whoever goes by the order of arrival, as Smithereen does, is right then.
 */
export function checkViews({ told, received, checkedAt }, states) {
  const findings = [];
  let [outlived, misled] = [0, 0];
  const byInbox = Map.groupBy(received.filter(({ type }) => STATUS_TYPES.has(type)), ({ inbox, actor }) => `${inbox} ${actor}`);
  for (const latest of standing(told).values()) {
    if (latest?.kind !== 'follow') continue;
    const { actor, follower, audience, since } = latest;
    const { winner, current } = states.get(actor) ?? { winner: null, current: null };
    const heard = (byInbox.get(`${audience} ${actor}`) ?? []).filter(({ at }) => at >= since);
    const expected = current?.statusId ?? null;
    const rightByArrival = lastOf(heard, checkedAt) === expected;
    if (!rightByArrival) misled += 1;
    const seen = viewOf(heard, checkedAt);
    if (seen === expected) continue;
    const untold = expected === null && winner !== null && !heard.some(({ type, objectId }) => type === 'Create' && objectId === winner.statusId);
    if (untold && (rightByArrival || hasEnded(winner, checkedAt))) {
      outlived += 1;
      continue;
    }
    const what = `${follower} takes ${seen ?? 'nothing'} for current instead of ${expected ?? 'nothing'}`;
    findings.push({ kind: 'wrong', what, actor, statusId: expected, told: winner?.entry ?? undefined });
  }
  const notes = {
    'followers who go by "published" and still show what a status had replaced that was gone before it could be told': outlived,
    'followers who would show something else if they went by the order of arrival': misled,
  };
  return { findings, notes };
}

/** As Smithereen takes it: what came last counts, and whatever is retracted clears. A process that stood still may post late, so this is no promise. */
function lastOf(received, now) {
  const last = received.at(-1);
  return last?.type === 'Create' && !hasEnded(last, now) ? last.objectId : null;
}

function viewOf(received, now) {
  const gone = new Set(received.filter(({ type }) => type !== 'Create').map(({ objectId }) => objectId));
  const creates = received.filter(({ type }) => type === 'Create').map((create) => ({ ...create, statusId: create.objectId }));
  const winner = creates.sort(compareVersions).at(-1);
  return winner && !gone.has(winner.statusId) && !hasEnded(winner, now) ? winner.statusId : null;
}
