import type { EventBus } from '@heliograph/event-bus';
import { createLogger, gauge } from '@heliograph/platform';

const log = createLogger('engines');
const messages = gauge('heliograph_bus_lag_messages', 'Messages that a consumer group has not committed', ['topic', 'group']);
const seconds = gauge('heliograph_bus_lag_seconds', 'Age of the oldest message that a consumer group has not committed', ['topic', 'group']);
const EVERY_MS = 10_000;

/** Keeps the lag of every group in the metrics; returns the function that ends it. */
export function watchLag(bus: EventBus): () => void {
  const read = async (): Promise<void> => {
    try {
      for (const lag of await bus.lag()) {
        const labels = { topic: lag.topic, group: lag.group };
        messages.set(labels, lag.messages);
        seconds.set(labels, lag.seconds);
      }
    } catch (error) {
      log.debug({ err: error }, 'lag not read');
    }
  };
  const timer = setInterval(() => void read(), EVERY_MS);
  return () => clearInterval(timer);
}
