import type { Columns } from '../recordset.ts';

export interface EventRef {
  readonly actor: string;
  readonly eventId: string;
}
export const EVENT_REF: Columns<EventRef> = { actor: ['text', ({ actor }) => actor], event_id: ['uuid', ({ eventId }) => eventId] };
