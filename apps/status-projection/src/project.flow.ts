import type { RedisDocuments } from '@heliograph/actors';
import { GROUPS, statusRecordedCodec, type StatusRecorded, type StatusSubmitted, statusSubmittedCodec, TOPICS } from '@heliograph/contracts';
import { type Batch, type BusMessage, type EventBus, followingTrace, inTraceOf, openMessage } from '@heliograph/event-bus';
import { counter, createLogger, histogram } from '@heliograph/platform';
import { StatusProjection } from '@heliograph/status-store';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { BUS, DOCUMENTS } from './tokens.ts';

const log = createLogger('status-projection');
const projected = counter('heliograph_projection_events_total', 'Status events projected', ['kind', 'new']);
const age = histogram('heliograph_projection_event_age_seconds', 'Age of an event when it was projected', [], [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600]);

/**
 * status.submitted → one transaction {log, current, history, offset} → cached documents dropped → status.recorded → (the strategy commits the offset).
 * A crash between two of these steps repeats the later ones: the log knows what it has, and readers of status.recorded deduplicate.
 */
@Controller()
export class ProjectFlow {
  constructor(
    @Inject(StatusProjection) private readonly projection: StatusProjection,
    @Inject(BUS) private readonly bus: EventBus,
    @Inject(DOCUMENTS) private readonly documents: RedisDocuments | null,
  ) {}

  @EventPattern<string>(TOPICS.statusSubmitted.name)
  async project(@Payload() batch: Batch): Promise<void> {
    const events = batch.messages.map(({ value }) => openMessage(statusSubmittedCodec, value));
    const nextOffset = batch.messages.at(-1)!.offset + 1n;
    const result = await this.projection.apply(events, { topic: batch.topic, partition: batch.partition, group: GROUPS.projection, nextOffset });
    await this.documents?.raiseStatuses(result.actors);
    await this.bus.publish(TOPICS.statusRecorded.name, events.map((event, i) => ({ ...recorded(event), ...followingTrace(batch.messages[i]!) })));
    const now = Date.now();
    batch.messages.forEach(({ timestamp }, i) => {
      projected.inc({ kind: events[i]!.type, new: String(result.isNew[i]) });
      age.observe(Math.max(0, now - timestamp) / 1000);
    });
    if (log.isLevelEnabled('debug')) batch.messages.forEach((message, i) => inTraceOf(message, () => told(events[i]!, result.isNew[i]!)));
  }
}

const told = ({ type, data, metadata }: StatusSubmitted, isNew: boolean): void => log.debug({ kind: type, actor: data.actor, event: metadata.eventId, new: isNew }, 'projected');

function recorded(event: StatusSubmitted): BusMessage {
  const { actor } = event.data;
  const message: StatusRecorded = {
    type: 'StatusRecorded',
    data: {
      actor,
      eventId: event.metadata.eventId,
      kind: event.type,
      statusId: 'statusId' in event.data ? event.data.statusId : null,
      published: event.type === 'StatusPublished' ? event.data.published : null,
      origin: event.metadata.origin,
    },
  };
  return { key: actor, value: statusRecordedCodec.encode(message) };
}
