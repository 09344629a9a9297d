import { parseInstant } from '@heliograph/status';
import { ActorLog, type LoggedEvent, type StatusThen } from '@heliograph/status-store';
import { CommandError } from './command-error.ts';
import { findActor } from './find-actor.ts';
import { printable } from './printable.ts';
import { withEngines } from './with-engines.ts';

/** Prints the actor's latest events, the oldest of them first. */
export const printLog = (named: string, { limit, json }: { limit: number; json?: boolean }): Promise<void> =>
  withEngines(async (engines) => {
    const actor = await findActor(engines, named);
    const events = await new ActorLog(engines.dataSource).events(actor, limit);
    if (events.length === 0) throw new CommandError(`the log has nothing about ${actor}`);
    for (const event of events) console.log(json ? JSON.stringify(event) : printable(lineOf(event)));
  });

/** @throws CommandError when the instant cannot be read, or nothing is known of the actor. */
export const printStatusAt = async (named: string, time: string, { json }: { json?: boolean }): Promise<void> => {
  const instant = parseInstant(time);
  if (!instant) throw new CommandError(`"${time}" is not an RFC 3339 date-time, such as 2026-11-24T18:00:00Z`);
  await withEngines(async (engines) => {
    const actor = await findActor(engines, named);
    const at = new Date(instant.ms);
    const then = await new ActorLog(engines.dataSource).statusAt(actor, at);
    if (then.kind === 'unknown actor') throw new CommandError(`the log has nothing about ${actor}`);
    console.log(json ? JSON.stringify({ actor, at: at.toISOString(), ...then }) : tell(actor, at, then));
  });
};

const REASONS: Readonly<Record<Extract<StatusThen, { kind: 'none' }>['because'], string>> = {
  deleted: 'the latest one had been deleted',
  removed: 'the latest one had been removed',
  absent: "the actor's document had come without one",
  expired: 'the latest one had expired',
  'actor deleted': 'the actor was deleted',
  'nothing published': 'none was known',
};

function tell(actor: string, at: Date, then: Exclude<StatusThen, { kind: 'unknown actor' }>): string {
  const when = `${actor} at ${at.toISOString()}`;
  if (then.kind === 'none') return printable(`${when}: no status, ${REASONS[then.because]}`);
  const { status } = then;
  const details = { text: words(status), status: status.statusId, published: status.published, received: status.receivedAt, until: status.endTime, link: status.content?.attachment?.href };
  const lines = Object.entries(details).flatMap(([name, value]) => (value ? [`  ${name.padEnd(10)}${printable(value)}`] : []));
  return [`${printable(when)}:`, ...lines].join('\n');
}

const words = ({ content }: LoggedEvent): string => content?.text ?? '(the text is erased)';

const lineOf = (event: LoggedEvent): string => {
  const { kind, receivedAt, statusId, published, endTime, keep, cutoff } = event;
  const details = [
    statusId,
    published && `published ${published}`,
    endTime && `until ${endTime}`,
    keep && 'kept in the history',
    cutoff && `up to ${cutoff}`,
    kind === 'StatusPublished' && words(event),
  ];
  return [receivedAt, kind.padEnd('StatusPublished'.length + 1), ...details.filter(Boolean)].join('  ');
};
