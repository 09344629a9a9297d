import { type Account, Accounts, IDEMPOTENCY_KEY_MAX, type Reservation } from '@heliograph/accounts';
import { type Clock, DatabaseClock } from '@heliograph/engines';
import { Problem } from '@heliograph/platform';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';

/** What was fixed before a command was carried out: all of it that is not in the request. */
export interface Reserved {
  /** Id that the command gives away (of a status or a Follow), decimal. */
  readonly id: string;
  /** RFC 3339 UTC, milliseconds. */
  readonly published: string;
  /** The instant that counts as now, milliseconds since the epoch. */
  readonly at: number;
}

/**
 * `Idempotency-Key`: the same request again gives the same answer, because a command is a pure function of the request and of what is
 * reserved here; and the same event id, so that nothing happens twice.
 */
@Injectable()
export class Idempotency {
  constructor(
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(DatabaseClock) private readonly clock: Clock,
  ) {}

  /**
   * @param decide checks the request and reserves; what it throws leaves the key unused.
   * @throws Problem 422 when the key was used for another request, or is not one.
   */
  async reserve(account: Account, request: FastifyRequest, decide: (reserved: Reserved) => void): Promise<Reserved> {
    const make = async (): Promise<Reserved> => {
      // Checked once before an id is spent on it.
      decide({ id: '1', published: '1970-01-01T00:00:00.000Z', at: this.clock.now().getTime() });
      return this.give(account);
    };
    const key = keyOf(request);
    return key === null ? make() : (await this.#reserve(account, key, request, make)).reserved;
  }

  /** A fresh id and time. */
  async give(account: Account): Promise<Reserved> {
    const publication = await this.accounts.nextPublication(account.id);
    if (!publication) throw new Problem(401, 'The account does not exist any more.');
    return { ...publication, at: this.clock.now().getTime() };
  }

  /**
   * For commands whose answer names ids only: carried out once per key, and the same answer given again.
   * @param fix says what the command will act on, as long as that is open.
   * @throws Problem 422 when the key was used for another request, or is not one.
   */
  async once<Fixed extends object, Answer extends object>(
    account: Account,
    request: FastifyRequest,
    fix: () => Promise<Fixed>,
    carryOut: (fixed: Fixed) => Promise<Answer>,
  ): Promise<Answer> {
    const key = keyOf(request);
    if (key === null) return carryOut(await fix());
    const reservation = await this.#reserve(account, key, request, fix);
    if (reservation.kind === 'again' && reservation.response) return reservation.response as Answer;
    const answer = await carryOut(reservation.reserved);
    await this.accounts.rememberResponse(account.id, key, answer);
    return answer;
  }

  async #reserve<Fixed extends object>(account: Account, key: string, request: FastifyRequest, fix: () => Promise<Fixed>): Promise<Exclude<Reservation<Fixed>, { kind: 'conflict' }>> {
    const reservation = await this.accounts.reserveIdempotent(account.id, key, fingerprint(request), fix);
    if (reservation.kind === 'conflict') {
      throw new Problem(422, 'This Idempotency-Key was used for another request.', { field: 'Idempotency-Key' });
    }
    return reservation;
  }
}

function keyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && key !== '' && key.length <= IDEMPOTENCY_KEY_MAX) return key;
  throw new Problem(422, `Idempotency-Key has 1 to ${IDEMPOTENCY_KEY_MAX} characters.`, { field: 'Idempotency-Key' });
}

const fingerprint = (request: FastifyRequest): string =>
  createHash('sha256')
    .update(`${request.method} ${request.url}\n`)
    .update(Buffer.isBuffer(request.body) ? request.body : '')
    .digest('base64url');
