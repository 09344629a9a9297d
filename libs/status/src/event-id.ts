import { hash as hashOf } from 'node:crypto';
import type { EventMetadata, StatusEvent } from './events.ts';

type EventOf<Type extends StatusEvent['type']> = Extract<StatusEvent, { readonly type: Type }>;
/** What an event is about: the part of its data that makes it this fact and no other. */
type SubjectOf<Type extends StatusEvent['type']> = Type extends 'StatusPublished'
  ? Pick<EventOf<'StatusPublished'>['data'], 'actor' | 'statusId' | 'published'>
  : EventOf<Type>['data'];
type Subject = { [Type in StatusEvent['type']]: { readonly type: Type; readonly data: SubjectOf<Type> } }[StatusEvent['type']];

/**
 * The id of a fact: the same wherever and however often it arrives. The first 128 bits of SHA-256 over what the event is about,
 * written as a UUID (all bits are the hash's: no version or variant is set).
 */
export function eventIdOf<Type extends StatusEvent['type'], Data extends SubjectOf<Type>>(type: Type, data: Data): string {
  const subject = { type, data } as unknown as Subject;
  const hash = hashOf('sha256', JSON.stringify(identity(subject)), 'hex');
  return [hash.slice(0, 8), hash.slice(8, 12), hash.slice(12, 16), hash.slice(16, 20), hash.slice(20, 32)].join('-');
}

/** An event with its id. */
export function makeEvent<Type extends StatusEvent['type']>(
  type: Type,
  data: EventOf<Type>['data'],
  metadata: Omit<EventMetadata, 'eventId'>,
): EventOf<Type> {
  const eventId = eventIdOf(type, data as SubjectOf<Type>);
  return { type, data, metadata: { eventId, receivedAt: metadata.receivedAt, origin: metadata.origin } } as EventOf<Type>;
}

function identity({ type, data }: Subject): readonly string[] {
  switch (type) {
    case 'StatusPublished':
      return [type, data.actor, data.statusId, data.published];
    case 'StatusRemoved':
    case 'StatusDeleted':
      return [type, data.actor, data.statusId];
    case 'StatusSeenAbsent':
      return [type, data.actor, data.cutoff];
    case 'HistoryErased':
      return [type, data.actor, data.asOf];
    case 'ActorDeleted':
      return [type, data.actor];
    default:
      return unknownType(type);
  }
}

function unknownType(type: never): never {
  throw new Error(`unknown event type ${String(type)}`);
}
