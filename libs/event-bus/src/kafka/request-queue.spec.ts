import { createRequire } from 'node:module';
import './request-queue.ts';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  readonly throttleCheckTimeoutId: unknown;
  checkPendingRequests(): void;
  destroy(): void;
}
const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as new (options: object) => Queue;

test("kafkajs's queue of requests sets no timer while nothing waits, and sets it while something does", () => {
  const queue = new RequestQueue({ maxInFlightRequests: 0, logger: { debug: () => undefined } });
  queue.checkPendingRequests();
  expect(queue.throttleCheckTimeoutId).toBeNull();
  queue.pending = ['a request'];
  queue.checkPendingRequests();
  expect(queue.throttleCheckTimeoutId).not.toBeNull();
  queue.destroy();
  queue.pending = [];
  queue.throttledUntil = Date.now() + 60_000;
  queue.checkPendingRequests();
  expect(queue.throttleCheckTimeoutId).not.toBeNull();
  queue.destroy();
});
