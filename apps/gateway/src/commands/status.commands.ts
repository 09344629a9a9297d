import type { Account } from '@heliograph/accounts';
import { type Clock, DatabaseClock } from '@heliograph/engines';
import { Problem } from '@heliograph/platform';
import { type Decision, decideDelete, decidePublish, decideRemove, localStatusId, type StatusEvent, type StatusPublished } from '@heliograph/status';
import { StatusReader } from '@heliograph/status-store';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Idempotency } from './idempotency.ts';
import { Submit, type Submitted } from './submit.ts';

/** A status as a client asks for it: not checked yet. */
export interface Draft {
  readonly content: unknown;
  readonly endTime?: unknown;
  /** Seconds from now, instead of `endTime`. */
  readonly expiresIn?: unknown;
  readonly attachment?: unknown;
}

/** `submitted`: whether readers can see it yet. */
export interface Retracted {
  readonly submitted: Submitted;
}

const LONGEST_SECONDS = 10 * 366 * 24 * 3600;

/** What people do with their own statuses; the same for ActivityPub clients and the REST API. */
@Injectable()
export class StatusCommands {
  constructor(
    @Inject(Idempotency) private readonly idempotency: Idempotency,
    @Inject(Submit) private readonly submit: Submit,
    @Inject(StatusReader) private readonly reader: StatusReader,
    @Inject(DatabaseClock) private readonly clock: Clock,
  ) {}

  /** Sets the status. @param prefix of the field names in errors. @throws Problem 422 with the field's name. */
  async publish(account: Account, draft: Draft, request: FastifyRequest, prefix = ''): Promise<{ event: StatusPublished; submitted: Submitted }> {
    const decide = ({ id, published, at }: { id: string; published: string; at: number }): readonly StatusEvent[] => {
      const { actor, history } = account;
      const statusId = localStatusId(actor, id);
      const { content, attachment } = draft;
      return accepted(decidePublish({ actor, statusId, published, content, attachment, history, endTime: endTimeOf(draft, at) }, at), prefix);
    };
    const events = decide(await this.idempotency.reserve(account, request, decide));
    const submitted = await this.submit.status(events);
    return { event: events.find((event) => event.type === 'StatusPublished')!, submitted };
  }

  /** Clears the current status, if there is one: it stays in a history. */
  removeCurrent(account: Account, request: FastifyRequest): Promise<Retracted> {
    const fix = async (): Promise<{ statusId: string | null }> => ({ statusId: (await this.reader.current(account.actor, this.clock.now()))?.statusId ?? null });
    return this.idempotency.once(account, request, fix, async ({ statusId }) => ({ submitted: statusId === null ? 'visible' : await this.#remove(account, statusId) }));
  }

  /** Clears one status. @throws Problem 422 when the actor has no such status. */
  remove(account: Account, statusId: string, request: FastifyRequest): Promise<Retracted> {
    return this.idempotency.once(account, request, async () => ({}), async () => ({ submitted: await this.#remove(account, statusId) }));
  }

  /** Erases one status. Again for an erased one: nothing more happens. @throws Problem 422 when the actor has no such status. */
  delete(account: Account, statusId: string, request: FastifyRequest): Promise<Retracted> {
    return this.idempotency.once(account, request, async () => ({}), async () => ({ submitted: await this.#delete(account, statusId) }));
  }

  async #remove(account: Account, statusId: string): Promise<Submitted> {
    return this.submit.status(accepted(decideRemove({ actor: account.actor, statusId }, await this.#known(account, statusId), this.clock.now().getTime()), ''));
  }

  async #delete(account: Account, statusId: string): Promise<Submitted> {
    return this.submit.status(accepted(decideDelete({ actor: account.actor, statusId }, await this.#known(account, statusId), this.clock.now().getTime()), ''));
  }

  async #known(account: Account, statusId: string): Promise<boolean> {
    return (await this.reader.byId(account.actor, statusId, this.clock.now())).kind !== 'unknown';
  }
}

function accepted(decision: Decision, prefix: string): readonly StatusEvent[] {
  if (decision.kind === 'accepted') return decision.events;
  throw new Problem(422, `"${decision.field}" ${decision.detail}.`, { field: `${prefix}${decision.field}` });
}

function endTimeOf({ endTime = null, expiresIn = null }: Draft, at: number): unknown {
  if (expiresIn === null) return endTime;
  if (endTime !== null) throw new Problem(422, 'Give either "endTime" or "expiresIn", not both.', { field: 'expiresIn' });
  if (typeof expiresIn !== 'number' || !Number.isSafeInteger(expiresIn) || expiresIn < 1 || expiresIn > LONGEST_SECONDS) {
    throw new Problem(422, '"expiresIn" is a whole number of seconds from 1 up to ten years.', { field: 'expiresIn' });
  }
  // Rounded up: whoever asks for a minute gets no less.
  return new Date(Math.ceil(at / 1000 + expiresIn) * 1000).toISOString();
}
