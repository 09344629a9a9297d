import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@heliograph/platform';
import pg from 'pg';
import { backoff } from '../backoff.ts';
import { describeError } from '../describe-error.ts';
import { type TimedQuery, unavailable } from './database.ts';

const log = createLogger('event-bus');
/** Channel of LISTEN and NOTIFY; a payload is `topic NAME` (messages came) or `members GROUP` (somebody came, left or let go). */
export const CHANNEL = 'heliograph_bus';
const CONNECT_MS = 4_000;
/** Statements on the session are tiny; one that takes longer means that the connection is dead. */
const QUERY_MS = 4_000;

export interface SessionEvents {
  /** A payload of the bus's NOTIFY channel. */
  notified(payload: string): void;
  /** The session ended, and with it every lock it held. */
  lost(): void;
  /** A new session began after a loss. */
  restored(): void;
}

/**
 * The one connection that keeps a state: it listens, and it holds the advisory locks that make its process the owner of partitions. When
 * it breaks, PostgreSQL frees the locks; a new one is opened until `close`.
 */
export class BusSession {
  readonly #connectionString: string;
  readonly #events: SessionEvents;
  readonly #stop = new AbortController();
  #client: pg.Client | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #opening: Promise<void> | null = null;

  constructor(connectionString: string, events: SessionEvents) {
    this.#connectionString = connectionString;
    this.#events = events;
  }

  get alive(): boolean {
    return this.#client !== null;
  }

  /** Resolves when the session is there. @throws BusUnavailableError when the first attempt fails. */
  async open(): Promise<void> {
    if (this.#client) return;
    this.#opening ??= this.#connect().finally(() => (this.#opening = null));
    await this.#opening;
  }

  /** One after the other, as the connection takes them. @throws BusUnavailableError; unless it was the statement's fault, the session is then lost. */
  query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const answer = this.#turn.then(() => this.#query<Row>(text, values));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[]): Promise<Row[]> {
    const client = this.#client;
    if (!client) throw unavailable(new Error('no session'));
    try {
      return (await ask<Row>(client, text, values)).rows;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) this.#lose(client, error);
      throw unavailable(error);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    const client = this.#client;
    this.#client = null;
    await this.#opening?.catch(() => undefined);
    await client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#connectionString,
      application_name: 'heliograph event bus',
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
    });
    client.on('error', (error) => this.#lose(client, error));
    client.on('end', () => this.#lose(client, new Error('the connection ended')));
    client.on('notification', ({ payload }) => this.#events.notified(payload ?? ''));
    try {
      await client.connect();
      // Should this machine vanish, PostgreSQL frees the locks within half a minute instead of hours.
      await ask(client, 'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3');
      await ask(client, `LISTEN ${CHANNEL}`);
      this.#stop.signal.throwIfAborted();
    } catch (error) {
      client.end().catch(() => undefined);
      throw unavailable(error);
    }
    this.#client = client;
  }

  #lose(client: pg.Client, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = null;
    // A connection that does not answer would not hear a farewell either.
    client.end().catch(() => undefined);
    log.warn({ reason: describeError(error) }, 'the session of the event bus is lost; opening another');
    this.#events.lost();
    void this.#reopen();
  }

  async #reopen(): Promise<void> {
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      await sleep(backoff(attempt), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.open();
        log.info('the event bus has a session again');
        this.#events.restored();
        return;
      } catch (error) {
        log.debug({ reason: describeError(error) }, 'no session yet');
      }
    }
  }
}

function ask<Row extends pg.QueryResultRow>(client: pg.Client, text: string, values: readonly unknown[] = []): Promise<pg.QueryResult<Row>> {
  const query: TimedQuery = { text, values: [...values], query_timeout: QUERY_MS };
  return client.query<Row>(query);
}
