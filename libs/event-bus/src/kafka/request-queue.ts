import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
}
type Schedule = (this: RequestQueue) => void;

const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as { readonly prototype: { scheduleCheckPendingRequests: Schedule } };

/**
 * kafkajs 2.2.4 looks after a connection's queue by a timer that sets itself again for ever, a thousand times a second, also when nothing
 * waits: 6% of a core for an idle process, and Node's TimeoutNegativeWarning. Here the timer runs only while something waits or the broker
 * throttles us. Importing this file is all it takes.
 */
const schedule = prototype.scheduleCheckPendingRequests;
prototype.scheduleCheckPendingRequests = function scheduleWhenSomethingWaits() {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
};
