import { type GraphMessage, graphCodec, type StatusSubmitted, statusSubmittedCodec, TOPICS } from '@heliograph/contracts';
import { BusUnavailableError, type EventBus } from '@heliograph/event-bus';
import { createLogger, Problem } from '@heliograph/platform';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { RecordedEvents } from '../recorded/recorded-events.ts';
import { BUS } from '../tokens.ts';

const log = createLogger('gateway');
/** Longest wait until readers can see a command's effect, in milliseconds; then the answer is 202. */
const VISIBLE_WITHIN_MS = 5_000;

/** Whether readers can see it yet. Either way it is safe. */
export type Submitted = 'visible' | 'accepted';

/** Puts what a command decided on the bus, and waits until readers can see it. */
@Injectable()
export class Submit {
  constructor(
    @Inject(BUS) private readonly bus: EventBus,
    @Inject(RecordedEvents) private readonly recorded: RecordedEvents,
  ) {}

  /** @throws Problem 503 when the bus does not confirm. */
  async status(events: readonly StatusSubmitted[]): Promise<Submitted> {
    const recorded = events.map(({ metadata }) => this.recorded.waitFor(metadata.eventId, VISIBLE_WITHIN_MS));
    await this.#publish(TOPICS.statusSubmitted.name, events.map((event) => ({ key: event.data.actor, value: statusSubmittedCodec.encode(event) })));
    return (await Promise.all(recorded)).every(Boolean) ? 'visible' : 'accepted';
  }

  /** @param visible asked until it says yes. @throws Problem 503 when the bus does not confirm. */
  async graph(message: GraphMessage, visible: () => Promise<boolean>): Promise<Submitted> {
    await this.announce(message);
    const deadline = Date.now() + VISIBLE_WITHIN_MS;
    for (let wait = 5; Date.now() < deadline; wait = Math.min(wait * 2, 100)) {
      if (await visible()) return 'visible';
      await sleep(wait);
    }
    return 'accepted';
  }

  /** For what nobody waits for. @throws Problem 503 when the bus does not confirm. */
  announce(message: GraphMessage): Promise<void> {
    return this.#publish(TOPICS.graph.name, [{ key: message.data.actor, value: graphCodec.encode(message) }]);
  }

  async #publish(topic: string, messages: readonly { key: string; value: string }[]): Promise<void> {
    try {
      await this.bus.publish(topic, messages);
      log.debug({ topic, actors: messages.map(({ key }) => key) }, 'submitted');
    } catch (error) {
      if (!(error instanceof BusUnavailableError)) throw error;
      throw new Problem(503, 'This could not be stored just now. Try again; with the same Idempotency-Key nothing happens twice.', { retryAfter: 5 });
    }
  }
}
