import { makeEvent } from './event-id.ts';
import type { StatusContent, StatusEvent } from './events.ts';
import { formatInstant, parseInstant } from './instant.ts';
import { readLine } from './plain-text.ts';

/** What became of a local command: facts to publish, or the field that is wrong. */
export type Decision =
  | { readonly kind: 'accepted'; readonly events: readonly StatusEvent[] }
  | { readonly kind: 'invalid'; readonly field: 'content' | 'endTime' | 'attachment' | 'object'; readonly detail: string };

/** A person sets a status. The three `unknown` fields are as the client sent them: anything. */
export interface PublishCommand {
  readonly actor: string;
  /** IRI of the new status (`localStatusId`). */
  readonly statusId: string;
  /** RFC 3339 UTC with milliseconds, later than the actor's last. */
  readonly published: string;
  /** Plain text of 1–100 graphemes after trimming. */
  readonly content: unknown;
  /** RFC 3339, in the future; null or absent: never expires. */
  readonly endTime?: unknown;
  /** `{href, name?}`; null or absent: none. */
  readonly attachment?: unknown;
  /** Whether the actor keeps a history. */
  readonly history: boolean;
}

const LONGEST_TEXT = 100;
const LONGEST_HREF = 2048;

/** IRI of a local status. @throws Error unless `id` is a decimal number from 1 to 2^53 − 1. */
export function localStatusId(actor: string, id: string): string {
  if (!/^[1-9]\d{0,15}$/.test(id) || !Number.isSafeInteger(Number(id))) throw new Error(`not a local status id: ${id}`);
  return `${actor}/statuses/${id}`;
}

/** Decides a new status (FEP-82f6 "Publishing"). `now` in milliseconds since the epoch. */
export function decidePublish(command: PublishCommand, now: number): Decision {
  const text = readLine(command.content, LONGEST_TEXT);
  if (text.kind === 'invalid') return { ...text, field: 'content' };
  const endTime = readEndTime(command.endTime ?? null, now);
  if (endTime.kind === 'invalid') return { ...endTime, field: 'endTime' };
  const attachment = readAttachment(command.attachment ?? null);
  if (attachment.kind === 'invalid') return { ...attachment, field: 'attachment' };

  const { actor, statusId, published, history } = command;
  const content: StatusContent = { text: text.value, language: null, attachment: attachment.value };
  const data = { actor, statusId, published, content, endTime: endTime.value, keep: history };
  return { kind: 'accepted', events: [makeEvent('StatusPublished', data, { receivedAt: formatInstant(now, 3), origin: 'local' })] };
}

/** A person clears or deletes a status of theirs. */
export interface StatusCommand {
  readonly actor: string;
  readonly statusId: string;
}

/** Decides a Remove: the status leaves the profile and stays in a history. `known`: the actor has, or had, a status of that id. */
export const decideRemove = (command: StatusCommand, known: boolean, now: number): Decision =>
  decideMark('StatusRemoved', command, known, now);

/** Decides a Delete: the status is erased. `known`: the actor has, or had, a status of that id. */
export const decideDelete = (command: StatusCommand, known: boolean, now: number): Decision =>
  decideMark('StatusDeleted', command, known, now);

function decideMark(type: 'StatusRemoved' | 'StatusDeleted', { actor, statusId }: StatusCommand, known: boolean, now: number): Decision {
  if (!known) return { kind: 'invalid', field: 'object', detail: 'names no status of this actor' };
  return { kind: 'accepted', events: [makeEvent(type, { actor, statusId }, { receivedAt: formatInstant(now, 3), origin: 'local' })] };
}

type Reading<Value> = { readonly kind: 'read'; readonly value: Value } | { readonly kind: 'invalid'; readonly detail: string };
const read = <Value>(value: Value): Reading<Value> => ({ kind: 'read', value });
const invalid = (detail: string): Reading<never> => ({ kind: 'invalid', detail });

/** Whole seconds, cut off: peers read no fraction in `endTime`, and it has to end at the same instant here and there. */
function readEndTime(value: unknown, now: number): Reading<string | null> {
  if (value === null) return read(null);
  const instant = parseInstant(value);
  if (instant === null) return invalid('is not an RFC 3339 date and time with an offset, in a year up to 9999');
  const ms = Math.floor(instant.ms / 1000) * 1000;
  return ms > now ? read(formatInstant(ms, 0)) : invalid('is not in the future');
}

function readAttachment(value: unknown): Reading<StatusContent['attachment']> {
  if (value === null) return read(null);
  if (typeof value !== 'object') return invalid('is not an object with href and name');
  const { href, name = null } = value as { readonly href?: unknown; readonly name?: unknown };
  if (typeof href !== 'string' || href.length > LONGEST_HREF) return invalid(`href is not an address of at most ${LONGEST_HREF} characters`);
  const url = URL.parse(href);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return invalid('href is not an absolute http or https address');
  // `https://bank.example@evil.example/` reads as another place than it leads to.
  if (url.username !== '' || url.password !== '') return invalid('href names a user');
  if (url.href.length > LONGEST_HREF) return invalid(`href is longer than ${LONGEST_HREF} characters once encoded`);
  if (name === null || (typeof name === 'string' && name.trim() === '')) return read({ href: url.href, name: null });
  const label = readLine(name, LONGEST_TEXT);
  return label.kind === 'invalid' ? invalid(`name ${label.detail}`) : read({ href: url.href, name: label.value });
}
