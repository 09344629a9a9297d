import { nextAttempt, type Verdict, verdictOf } from '@heliograph/delivery-policy';
import { type Clock, DatabaseClock } from '@heliograph/engines';
import { parseTraceparent, SpanKind, withSpan } from '@heliograph/platform';
import { DeliveryJobs, type LeasedJob, SocialGraph } from '@heliograph/social-graph';
import { Inject, Injectable } from '@nestjs/common';
import { Composer } from './compose.ts';
import type { DeliveryOptions, JobEndings, Relations } from './ports.ts';
import { Poster } from './post.ts';
import { attemptEnded, attemptTook, type Ending } from './telemetry.ts';
import { OPTIONS } from './tokens.ts';

/** One leased job: still wanted? → load and build → sign → POST → verdict. No transaction is open meanwhile. */
@Injectable()
export class SendFlow {
  constructor(
    @Inject(Composer) private readonly composer: Composer,
    @Inject(Poster) private readonly poster: Poster,
    @Inject(DeliveryJobs) private readonly jobs: JobEndings,
    @Inject(SocialGraph) private readonly relations: Relations,
    @Inject(DatabaseClock) private readonly clock: Clock,
    @Inject(OPTIONS) private readonly options: Pick<DeliveryOptions, 'retrySeconds'>,
  ) {}

  /** @throws when `signal` aborts, or the database does not answer: the lease ends by itself, and the job is tried again. */
  async deliver(job: LeasedJob, signal: AbortSignal): Promise<void> {
    const begin = performance.now();
    const attributes = { 'server.address': job.host, 'heliograph.attempt': job.attempts + 1 };
    // The trace ends here: a header of it would tell other servers what belongs together.
    await withSpan(`deliver ${job.task.kind}`, { kind: SpanKind.CLIENT, parent: parseTraceparent(job.traceparent), attributes }, async (span) => {
      const verdict = await this.#attempt(job, signal);
      span.setAttribute('heliograph.verdict', verdict);
      attemptTook(performance.now() - begin, verdict);
    });
  }

  async #attempt(job: LeasedJob, signal: AbortSignal): Promise<Ending> {
    try {
      const composed = await this.composer.compose(job, this.clock.now());
      if (composed.kind === 'cancelled') return await this.#cancel(job, composed.reason);
      const outcome = await this.poster.post(job.actor, job.inbox, composed.activity, signal);
      if (!outcome) return await this.#cancel(job, 'the sender has no key');
      return await this.#settle(job, verdictOf(outcome, job.attempts + 1, new Date()));
    } catch (error) {
      if (signal.aborted) throw error;
      // A fault of ours. Postponed like a fault of theirs, so that it neither spins nor stays for ever.
      return await this.#settle(job, { kind: 'retry', reason: `here: ${String(error)}`, notBefore: null });
    }
  }

  async #cancel(job: LeasedJob, reason: string): Promise<Ending> {
    await this.jobs.complete(job);
    return attemptEnded(job, 'cancelled', reason);
  }

  async #settle(job: LeasedJob, verdict: Verdict): Promise<Ending> {
    switch (verdict.kind) {
      case 'delivered':
        await this.jobs.complete(job);
        return attemptEnded(job, 'delivered', null);
      case 'retry':
        return this.#retry(job, verdict);
      case 'refused':
        await this.jobs.bury(job, verdict.reason);
        return attemptEnded(job, 'refused', verdict.reason);
      case 'gone':
        await this.relations.dropMailbox(job.actor, job.inbox);
        await this.jobs.bury(job, verdict.reason);
        return attemptEnded(job, 'gone', verdict.reason);
      default:
        return verdict satisfies never;
    }
  }

  async #retry(job: LeasedJob, { reason, notBefore }: Extract<Verdict, { kind: 'retry' }>): Promise<Ending> {
    const now = new Date();
    const attempts = { made: job.attempts + 1, firstAt: job.firstAttemptAt ?? now };
    const next = nextAttempt(attempts, { now, notBefore, retrySeconds: this.options.retrySeconds, random: Math.random() });
    if (next) {
      await this.jobs.retry(job, next.getTime() - now.getTime(), reason);
      return attemptEnded(job, 'retry', reason);
    }
    await this.jobs.bury(job, reason);
    return attemptEnded(job, 'given-up', reason);
  }
}
