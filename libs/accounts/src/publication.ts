import type { DataSource } from 'typeorm';

/** Identity and time of one new status. */
export interface Publication {
  /** Decimal, below 2^53 until the year 2109, so that a JSON number holds it. */
  readonly id: string;
  /** RFC 3339, UTC, milliseconds; later than the account's last. */
  readonly published: string;
}

/** Publications within one millisecond that get different ids. */
const PER_MILLISECOND = 2048;

/**
 * The next status's id and time, in one statement: the row lock puts an account's publications in order, across processes. The clock
 * is the database's, so that gateways need not agree on theirs; it leads the id, so that a database restored from a backup, which has
 * forgotten its newest ids, does not give them out again.
 * @returns null when there is no such account (any more).
 */
export async function nextPublication(dataSource: DataSource, accountId: string): Promise<Publication | null> {
  const [rows] = await dataSource.query<[{ ms: string; sequence: string }[], number]>(
    `UPDATE account
        SET last_published = greatest(date_trunc('milliseconds', clock_timestamp()), last_published + interval '1 millisecond')
      WHERE id = $1 AND deleted_at IS NULL
      RETURNING (extract(epoch FROM last_published) * 1000)::bigint AS ms, nextval('publication_sequence') % ${PER_MILLISECOND} AS sequence`,
    [accountId],
  );
  const row = rows[0];
  if (!row) return null;
  return {
    id: (BigInt(row.ms) * BigInt(PER_MILLISECOND) + BigInt(row.sequence)).toString(),
    published: new Date(Number(row.ms)).toISOString(),
  };
}
