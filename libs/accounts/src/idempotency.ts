import type { DataSource } from 'typeorm';

/**
 * `reserved` and `response` are JSON, and never hold the text of a status: the repeated request brings it again, and an erased text must
 * not live on here.
 */
export type Reservation<Reserved extends object> =
  /** The first with this key: carry it out as reserved. */
  | { readonly kind: 'new'; readonly reserved: Reserved }
  /** Asked before: give `response` again, or, when it is null (the first may have died half-way), carry out the same `reserved` again. */
  | { readonly kind: 'again'; readonly reserved: Reserved; readonly response: unknown }
  /** The key was used for another request. */
  | { readonly kind: 'conflict' };

/** Longest `Idempotency-Key`, in characters. */
export const IDEMPOTENCY_KEY_MAX = 255;

/** `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07), per account; a key is remembered for 24 hours. */
export class IdempotencyKeys {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /** See `Accounts.reserveIdempotent`. */
  async reserve<Reserved extends object>(accountId: string, key: string, requestHash: string, decide: () => Promise<Reserved>): Promise<Reservation<Reserved>> {
    const before = await this.#find<Reserved>(accountId, key, requestHash);
    if (before) return before;
    const reserved = await decide();
    // A row older than a day that no sweep has met yet counts as none.
    const won = await this.#dataSource.query<unknown[]>(
      `INSERT INTO idempotency_key AS k (account_id, key, request_hash, reserved) VALUES ($1, $2, $3, $4)
       ON CONFLICT (account_id, key) DO UPDATE
         SET request_hash = excluded.request_hash, reserved = excluded.reserved, response = NULL, created_at = now()
         WHERE k.created_at <= now() - interval '24 hours'
       RETURNING key`,
      [accountId, key, requestHash, JSON.stringify(reserved)],
    );
    if (won.length > 0) return { kind: 'new', reserved };
    const winner = await this.#find<Reserved>(accountId, key, requestHash);
    if (!winner) throw new Error('an idempotency key vanished while it was being reserved');
    return winner;
  }

  async #find<Reserved extends object>(accountId: string, key: string, requestHash: string): Promise<Reservation<Reserved> | null> {
    const [row] = await this.#dataSource.query<{ request_hash: string; reserved: Reserved; response: unknown }[]>(
      `SELECT request_hash, reserved, response FROM idempotency_key
        WHERE account_id = $1 AND key = $2 AND created_at > now() - interval '24 hours'`,
      [accountId, key],
    );
    if (!row) return null;
    return row.request_hash === requestHash ? { kind: 'again', reserved: row.reserved, response: row.response } : { kind: 'conflict' };
  }

  async remember(accountId: string, key: string, response: object): Promise<void> {
    await this.#dataSource.query('UPDATE idempotency_key SET response = $3 WHERE account_id = $1 AND key = $2', [accountId, key, JSON.stringify(response)]);
  }

  /** Drops what is older than 24 hours; resolves to how many. */
  async sweep(): Promise<number> {
    const [, swept] = await this.#dataSource.query<[unknown[], number]>(`DELETE FROM idempotency_key WHERE created_at <= now() - interval '24 hours'`);
    return swept;
  }
}
