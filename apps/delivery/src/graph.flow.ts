import { graphCodec, GROUPS, TOPICS } from '@heliograph/contracts';
import { type Batch, openMessage } from '@heliograph/event-bus';
import { TRACEPARENT } from '@heliograph/platform';
import { SocialGraph } from '@heliograph/social-graph';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Refresher } from './backfill/refresher.ts';
import { Dispatcher } from './dispatcher.ts';
import { graphApplied } from './telemetry.ts';

/** graph.v1 → one transaction {relations, jobs, whom to look at, offset} → wake the workers. */
@Controller()
export class GraphFlow {
  constructor(
    @Inject(SocialGraph) private readonly graph: SocialGraph,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
    @Inject(Refresher) private readonly refresher: Refresher,
  ) {}

  @EventPattern<string>(TOPICS.graph.name)
  async apply(@Payload() batch: Batch): Promise<void> {
    const messages = batch.messages.map(({ value }) => openMessage(graphCodec, value));
    const nextOffset = batch.messages.at(-1)!.offset + 1n;
    const traces = batch.messages.map(({ headers }) => headers[TRACEPARENT] ?? null);
    const { jobs, unusable } = await this.graph.applyGraph(messages, { topic: batch.topic, partition: batch.partition, group: GROUPS.delivery, nextOffset }, traces);
    graphApplied(unusable);
    if (jobs > 0) this.dispatcher.wake();
    this.refresher.wake();
  }
}
