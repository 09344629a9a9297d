import type { DataSource, EntityManager } from 'typeorm';

/** Where the tables grow, with what belongs to a rebuild; and where the replaced ones wait to be dropped. */
export const SIDE = 'helio_rebuild';
export const REPLACED = 'helio_replaced';

/** Any number that no other program uses as an advisory lock of this database. */
const REBUILD_LOCK = 4_850_215;

/** Only one rebuild runs at a time. Resolves to null when another one does. */
export async function alone<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T | null> {
  const guard = dataSource.createQueryRunner();
  await guard.connect();
  await guard.startTransaction();
  try {
    // Held by a transaction, not a session, so that it works behind PgBouncer; one that has only asked for this holds nothing else up.
    await guard.query(`SET LOCAL idle_in_transaction_session_timeout = 0`);
    const [lock]: { got: boolean }[] = await guard.query('SELECT pg_try_advisory_xact_lock($1) AS got', [REBUILD_LOCK]);
    return lock?.got ? await work() : null;
  } finally {
    await guard.rollbackTransaction().catch(() => undefined);
    await guard.release().catch(() => undefined);
  }
}

/**
 * The transactions of one rebuild. Each makes sure that the side tables are still this one's: if its guard's connection broke, another
 * may have begun, and has made them anew.
 */
export class Run {
  readonly #dataSource: DataSource;
  readonly #id: string;

  constructor(dataSource: DataSource, id: string) {
    this.#dataSource = dataSource;
    this.#id = id;
  }

  /** Without a limit in time, unless `work` sets one. */
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.#dataSource.transaction(async (manager) => {
      await setLocally(manager, { statement_timeout: '0' });
      // A statement whose client was killed ends within a second, where PostgreSQL can tell: not on Windows.
      await manager.query(`SELECT set_config('client_connection_check_interval', '1s', true) WHERE version() !~* 'mingw|msvc|visual'`);
      const mine: unknown[] = await manager.query(`SELECT FROM ${SIDE}.run WHERE id = $1 FOR KEY SHARE`, [this.#id]);
      if (mine.length === 0) throw new Error('another rebuild has begun, since this one lost its connection: it ends here');
      return work(manager);
    });
  }
}

/** Settings for the rest of this transaction. */
export const setLocally = (manager: EntityManager, settings: Readonly<Record<string, string>>): Promise<unknown> =>
  manager.query('SELECT set_config(name, value, true) FROM unnest($1::text[], $2::text[]) AS setting(name, value)', [
    Object.keys(settings),
    Object.values(settings),
  ]);

const CANCELED = '57014';
const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK = '40P01';

/** Whether PostgreSQL gave up waiting, as it was told to. */
export function isTimeout(error: unknown): boolean {
  const code = (error as { readonly driverError?: { readonly code?: string } } | null)?.driverError?.code;
  return code === CANCELED || code === LOCK_NOT_AVAILABLE || code === DEADLOCK;
}
