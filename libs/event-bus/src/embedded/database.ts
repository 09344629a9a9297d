import { isNativeError } from 'node:util/types';
import type pg from 'pg';
import { BusUnavailableError } from '../port.ts';

/** Understood by the driver, missing in its types. */
export interface TimedQuery extends pg.QueryConfig {
  /** Milliseconds; then the query rejects, and its connection is of no more use. */
  readonly query_timeout: number;
}

/** Longest wait for a free connection, and then for the answer. */
const CONNECT_MS = 4_000;
const QUERY_MS = 5_000;

const ignore = (): void => undefined;

export const unavailable = (error: unknown): BusUnavailableError =>
  error instanceof BusUnavailableError
    ? error
    : new BusUnavailableError(`the event bus's PostgreSQL: ${isNativeError(error) ? error.message : String(error)}`, { cause: error });

/**
 * Single statements on a pool: each is a transaction of its own, so no lock is ever held by a process that stopped in between, and a
 * transaction pooler may sit in front. Never waits longer than a few seconds.
 */
export class Database {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** @throws BusUnavailableError whatever went wrong: it is not known whether the statement took effect. */
  async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = [], timeoutMs = QUERY_MS): Promise<Row[]> {
    const client = await this.#connect();
    const query: TimedQuery = { text, values: [...values], query_timeout: timeoutMs };
    // A connection that breaks says so by an event too; without a listener that would end the process.
    client.on('error', ignore);
    let broken = true;
    try {
      const { rows } = await client.query<Row>(query);
      broken = false;
      return rows;
    } catch (error) {
      throw unavailable(error);
    } finally {
      client.off('error', ignore);
      client.release(broken);
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    const connecting = this.#pool.connect();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no connection within ${CONNECT_MS} ms`)), CONNECT_MS);
    });
    try {
      return await Promise.race([connecting, late]);
    } catch (error) {
      // A connection that comes after all belongs to nobody.
      connecting.then((client) => client.release(), () => undefined);
      throw unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }
}
