import { GROUPS, type StatusRecorded, statusRecordedCodec, TOPICS } from '@heliograph/contracts';
import { type Clock, DatabaseClock } from '@heliograph/engines';
import { type Batch, openMessage } from '@heliograph/event-bus';
import { TRACEPARENT } from '@heliograph/platform';
import { DeliveryJobs, SocialGraph } from '@heliograph/social-graph';
import { StatusReader } from '@heliograph/status-store';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Dispatcher } from './dispatcher.ts';

/** Statuses of local people are told; what else is recorded concerns nobody elsewhere, or (ActorDeleted) goes by way of graph.v1. */
const TOLD: ReadonlySet<StatusRecorded['data']['kind']> = new Set(['StatusPublished', 'StatusRemoved', 'StatusDeleted']);

type Told = StatusRecorded['data'] & { readonly traceparent: string | null };

/**
 * status.recorded → local ones → audience → one job per inbox → wake the workers → the offset, beside the jobs. That comes last and is where a
 * restored database goes on: what was recorded before the backup and fanned out after it is fanned out again.
 */
@Controller()
export class FanOutFlow {
  constructor(
    @Inject(DeliveryJobs) private readonly jobs: DeliveryJobs,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
    @Inject(StatusReader) private readonly statuses: Pick<StatusReader, 'currentOf' | 'recordedAmong'>,
    @Inject(SocialGraph) private readonly graph: Pick<SocialGraph, 'saveOffset'>,
    @Inject(DatabaseClock) private readonly clock: Clock,
  ) {}

  @EventPattern<string>(TOPICS.statusRecorded.name)
  async fanOut(@Payload() batch: Batch): Promise<void> {
    const told = batch.messages
      .map(({ value, headers }) => ({ ...openMessage(statusRecordedCodec, value).data, traceparent: headers[TRACEPARENT] ?? null }))
      .filter(({ origin, kind }) => origin === 'local' && TOLD.has(kind));
    // What a restored database lacks is announced again once it is back: a job made before would find nothing to tell, and end.
    const recorded = await this.statuses.recordedAmong(told);
    const events = told.filter(({ eventId }) => recorded.has(eventId));
    const jobs = (await this.jobs.enqueueFanOut(events)) + (await this.jobs.enqueueFanOut(await this.#stillCurrent(events)));
    if (jobs > 0) this.dispatcher.wake();
    await this.graph.saveOffset({ topic: batch.topic, partition: batch.partition, group: GROUPS.delivery, nextOffset: batch.messages.at(-1)!.offset + 1n });
  }

  /**
   * A Delete of a past status clears the current one at Smithereen, whatever id it names: so what is current is told again after it,
   * under the same id. To others that is nothing new.
   */
  async #stillCurrent(events: readonly Told[]): Promise<readonly Told[]> {
    const deleted = new Map(events.filter(({ kind }) => kind === 'StatusDeleted').map((event) => [event.actor, event]));
    const current = deleted.size === 0 ? new Map() : await this.statuses.currentOf([...deleted.keys()], this.clock.now());
    return [...deleted.values()].flatMap((event) => {
      const row = current.get(event.actor);
      return row ? [{ ...event, kind: 'StatusPublished' as const, eventId: row.eventId, statusId: row.statusId, published: row.publishedRaw }] : [];
    });
  }
}
