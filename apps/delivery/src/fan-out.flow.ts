import { type StatusRecorded, statusRecordedCodec, TOPICS } from '@heliograph/contracts';
import { type Batch, openMessage } from '@heliograph/event-bus';
import { DeliveryJobs } from '@heliograph/social-graph';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Dispatcher } from './dispatcher.ts';

/** Statuses of local people are told; what else is recorded concerns nobody elsewhere, or (ActorDeleted) goes by way of graph.v1. */
const TOLD: ReadonlySet<StatusRecorded['data']['kind']> = new Set(['StatusPublished', 'StatusRemoved', 'StatusDeleted']);

/** status.recorded → local ones → audience → one job per inbox → wake the workers. */
@Controller()
export class FanOutFlow {
  constructor(
    @Inject(DeliveryJobs) private readonly jobs: DeliveryJobs,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
  ) {}

  @EventPattern<string>(TOPICS.statusRecorded.name)
  async fanOut(@Payload() batch: Batch): Promise<void> {
    const events = batch.messages
      .map(({ value }) => openMessage(statusRecordedCodec, value).data)
      .filter(({ origin, kind }) => origin === 'local' && TOLD.has(kind));
    if ((await this.jobs.enqueueFanOut(events)) > 0) this.dispatcher.wake();
  }
}
