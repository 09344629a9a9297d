// Compares what senders were told with log, current, history, and what others received. Pure: the record in, findings out.
import { checkActivityIds, checkDeliveries, checkGraph, checkViews } from './check-followers.mjs';
import { checkLog, checkStates } from './check-statuses.mjs';
import { factsOf, stateOf } from './model.mjs';

/** @param record see `RunRecord` in checker.d.mts */
export function check(record) {
  const facts = factsOf(record);
  const states = new Map([...facts].map(([actor, some]) => [actor, stateOf(some, record.checkedAt)]));
  const log = checkLog(record, facts);
  const views = checkViews(record, states);
  const findings = [
    ...checkAnswers(record),
    ...checkRest(record),
    ...log.findings,
    ...checkStates(record, states),
    ...checkGraph(record),
    ...checkActivityIds(record),
    ...checkDeliveries(record, facts),
    ...views.findings,
    ...checkStreams(record),
  ];
  const acknowledged = record.told.filter(({ acknowledgedAt }) => acknowledgedAt !== null).length;
  return { acknowledged, findings, notes: { ...log.notes, ...views.notes } };
}

/** Other servers send again after 5xx, and never after 4xx: that must not be the answer to what is in order. */
const checkAnswers = ({ told }) =>
  told
    .filter(({ refused }) => refused)
    .map((entry) => ({ kind: 'wrong', what: `refused for good: ${entry.answer}`, actor: entry.actor, statusId: entry.statusId ?? null, told: entry }));

/** In the end everything has come to rest, and nothing was set aside. */
function checkRest({ unfinished, deadLetters, deadJobs }) {
  const asides = Object.entries(deadLetters).filter(([, count]) => count > 0);
  return [
    ...unfinished.map((what) => ({ kind: 'wrong', what: `not at rest: ${what}` })),
    ...asides.map(([topic, count]) => ({ kind: 'wrong', what: `${count} messages in ${topic}` })),
    ...(deadJobs > 0 ? [{ kind: 'wrong', what: `${deadJobs} deliveries were given up for good` }] : []),
  ];
}

/** On one connection a status is published once. */
function checkStreams({ streamed }) {
  const published = streamed.filter(({ event }) => event === 'published');
  const same = Map.groupBy(published, ({ connection, actor, statusId, text }) => JSON.stringify([connection, actor, statusId, text]));
  const repeated = [...same.values()].filter(({ length }) => length > 1);
  return repeated.map((some) => {
    const [{ actor, statusId, at }] = some;
    return { kind: 'twice', what: `a stream told of it ${some.length} times`, actor, statusId, at };
  });
}
