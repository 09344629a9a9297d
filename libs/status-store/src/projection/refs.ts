import type { Columns } from '../recordset.ts';

export interface StatusRef {
  readonly actor: string;
  readonly statusId: string;
}
export const STATUS_REF: Columns<StatusRef> = { actor: ['text', ({ actor }) => actor], status_id: ['text', ({ statusId }) => statusId] };

export interface EventRef {
  readonly actor: string;
  readonly eventId: string;
}
export const EVENT_REF: Columns<EventRef> = { actor: ['text', ({ actor }) => actor], event_id: ['uuid', ({ eventId }) => eventId] };
