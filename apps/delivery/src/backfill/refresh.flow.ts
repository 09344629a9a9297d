import { type RefreshOutcome, RemoteActors } from '@heliograph/actors';
import { type GraphMessage, graphCodec, statusSubmittedCodec, TOPICS } from '@heliograph/contracts';
import { type Clock, DatabaseClock } from '@heliograph/engines';
import type { EventBus } from '@heliograph/event-bus';
import { ActorRefreshes, type LeasedRefresh, type RefreshResult } from '@heliograph/social-graph';
import { formatInstant, makeEvent, type StatusEvent } from '@heliograph/status';
import { StatusReader } from '@heliograph/status-store';
import { Inject, Injectable } from '@nestjs/common';
import type { DeliveryOptions } from '../ports.ts';
import { BUS, OPTIONS } from '../tokens.ts';
import { absenceEvents, documentEvents, historyEvents, type KnownHere, type SeenDocument } from './evidence.ts';
import { Histories } from './history.ts';
import { afterFailure, afterSuccess, insists } from './schedule.ts';
import { eventsTaken, refreshEnded } from './telemetry.ts';

/** Events of one message to the bus. */
const AT_ONCE = 100;
/** For so long every look must have found no such actor before it counts as deleted: servers err, and are restored from backups. */
const GONE_FOR_GOOD_MS = 14 * 24 * 3_600_000;

type Found = Extract<RefreshOutcome, { kind: 'actor' }>;

/** One leased look at a remote actor: fetch the document → what it says → its history → status.submitted → when to look again. */
@Injectable()
export class RefreshFlow {
  constructor(
    @Inject(RemoteActors) private readonly actors: Pick<RemoteActors, 'refresh' | 'known' | 'markGone'>,
    @Inject(Histories) private readonly histories: Pick<Histories, 'read'>,
    @Inject(StatusReader) private readonly statuses: Pick<StatusReader, 'current' | 'countHistory'>,
    @Inject(ActorRefreshes) private readonly refreshes: Pick<ActorRefreshes, 'settle'>,
    @Inject(BUS) private readonly bus: Pick<EventBus, 'publish'>,
    @Inject(DatabaseClock) private readonly clock: Clock,
    @Inject(OPTIONS) private readonly options: Pick<DeliveryOptions, 'refreshSeconds'>,
  ) {}

  /** @throws when `signal` aborts, or the database does not answer: the lease ends by itself, and it is done again. */
  async refresh(job: LeasedRefresh, signal: AbortSignal): Promise<void> {
    try {
      await this.#refresh(job, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      // A fault of ours, or the bus is away.
      await this.#failed(job, 'failed', String(error), 0);
    }
  }

  async #refresh(job: LeasedRefresh, signal: AbortSignal): Promise<void> {
    const at = this.clock.now().getTime();
    const outcome = await this.actors.refresh(job.actor, job.seen?.etag ?? null);
    signal.throwIfAborted();
    switch (outcome.kind) {
      case 'actor':
        return this.#takeIn(job, outcome, at, signal);
      case 'unchanged':
        return this.#unchanged(job, at);
      case 'gone':
        return this.#gone(job, at);
      case 'refused':
        await this.refreshes.settle(job, { ...this.#next(job), error: outcome.reason, seen: null });
        return refreshEnded(job, 'refused', outcome.reason);
      case 'unavailable':
        return this.#failed(job, 'unavailable', outcome.reason, outcome.retryAfterSeconds);
      default:
        return outcome satisfies never;
    }
  }

  async #takeIn(job: LeasedRefresh, { actor: { shownStatus }, document, json, etag }: Found, at: number, signal: AbortSignal): Promise<void> {
    const seen: SeenDocument = { document, at };
    await this.#submit(documentEvents(seen, await this.#known(job.actor, shownStatus)));
    const history = document.hasHistory ? await this.histories.read(job.actor, json, job.historyRead, signal) : null;
    signal.throwIfAborted();
    if (history) await this.#submit(historyEvents(seen, history.unknown));
    if (history?.reading.end === 'unavailable') return this.#failed(job, 'unavailable', 'the history could not be had', history.reading.retryAfterSeconds);
    // A history may change while its actor's document does not: then that has to be fetched again for it.
    const unchangeable = etag !== null && !document.hasHistory ? { etag, withoutStatus: document.status === 'absent' } : null;
    await this.refreshes.settle(job, { ...this.#next(job), historyRead: history !== null, seen: unchangeable });
    refreshEnded(job, 'taken-in', history && history.reading.end);
  }

  /** The same document says the same again; what it lacks may have arrived since, and been cleared without our hearing of it. */
  async #unchanged(job: LeasedRefresh, at: number): Promise<void> {
    if (job.seen?.withoutStatus) {
      const shownStatus = (await this.actors.known(job.actor))?.shownStatus ?? false;
      await this.#submit(absenceEvents(job.actor, at, await this.#known(job.actor, shownStatus)));
    }
    await this.refreshes.settle(job, this.#next(job));
    refreshEnded(job, 'unchanged', null);
  }

  async #gone(job: LeasedRefresh, at: number): Promise<void> {
    const goneSince = job.goneSince ?? new Date(at);
    if (at - goneSince.getTime() > GONE_FOR_GOOD_MS) return this.#erase(job, at);
    await this.refreshes.settle(job, { ...this.#next(job), error: 'there is no such actor', seen: null, goneSince });
    refreshEnded(job, 'gone', null);
  }

  /** As if it had said so itself. The message to the graph ends this job, too. */
  async #erase(job: LeasedRefresh, at: number): Promise<void> {
    const { actor } = job;
    const now = formatInstant(at, 3);
    await this.#submit([makeEvent('ActorDeleted', { actor }, { receivedAt: now, origin: 'remote' })]);
    const gone: GraphMessage = { type: 'RemoteActorGone', data: { actor, at: now } };
    await this.bus.publish(TOPICS.graph.name, [{ key: actor, value: graphCodec.encode(gone) }]);
    await this.actors.markGone(actor);
    refreshEnded(job, 'erased', null);
  }

  async #failed(job: LeasedRefresh, ending: 'unavailable' | 'failed', reason: string, retryAfterSeconds: number): Promise<void> {
    const attempts = job.attempts + 1;
    const pauseMs = afterFailure(attempts, { intervalMs: this.options.refreshSeconds * 1000, retryAfterMs: retryAfterSeconds * 1000, random: Math.random() });
    await this.refreshes.settle(job, { ...this.#next(job), pauseMs, error: reason, insist: insists(attempts), goneSince: job.goneSince });
    refreshEnded(job, ending, reason);
  }

  /** What a success comes to when nothing is learnt. */
  #next({ historyRead, seen }: LeasedRefresh): RefreshResult {
    return { pauseMs: afterSuccess(this.options.refreshSeconds * 1000, Math.random()), error: null, insist: false, historyRead, seen, goneSince: null };
  }

  async #known(actor: string, shownStatus: boolean): Promise<KnownHere> {
    const [current, kept] = await Promise.all([this.statuses.current(actor, this.clock.now()), this.statuses.countHistory(actor)]);
    return { shownStatus, currentPublished: current?.publishedRaw ?? null, keepsHistory: kept > 0 };
  }

  async #submit(events: readonly StatusEvent[]): Promise<void> {
    for (let from = 0; from < events.length; from += AT_ONCE) {
      const some = events.slice(from, from + AT_ONCE);
      await this.bus.publish(TOPICS.statusSubmitted.name, some.map((event) => ({ key: event.data.actor, value: statusSubmittedCodec.encode(event) })));
      eventsTaken(some.map(({ type }) => type));
    }
  }
}
