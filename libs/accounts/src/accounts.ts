import { actorUrls, instanceActorUrls, parseLocalActor } from '@heliograph/activitypub';
import { createLogger } from '@heliograph/platform';
import { In, IsNull, type DataSource, type Repository } from 'typeorm';
import { toAccount, type Account, type SigningKey } from './account.ts';
import { AccessTokenEntity, AccountEntity } from './entities.ts';
import { IdempotencyKeys, type Reservation } from './idempotency.ts';
import { InstanceKey } from './instance-key.ts';
import { generateRsaKeyPair } from './key-pair.ts';
import { storedName, whyNotEmail, whyNotName } from './names.ts';
import { hashPassword, matchesPassword, whyNotPassword } from './password.ts';
import { nextPublication, type Publication } from './publication.ts';
import { newToken, tokenHash } from './token.ts';

export interface NewAccount {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  /** Whether past statuses are kept and shown (`statusHistory`). */
  readonly history: boolean;
}

export type CreateOutcome =
  | { readonly kind: 'created'; readonly account: Account; readonly token: string }
  | { readonly kind: 'invalid'; readonly field: 'name' | 'email' | 'password'; readonly detail: string }
  | { readonly kind: 'taken'; readonly field: 'name' | 'email' };

export type Lookup =
  | { readonly kind: 'found'; readonly account: Account }
  /** There was one: 410, not 404. */
  | { readonly kind: 'deleted'; readonly account: Account }
  | { readonly kind: 'unknown' };

export interface AccountsOptions {
  /** The origin that people and servers see. */
  readonly publicUrl: string;
  /**
   * Called after every change of an account has been committed, with its new version, before the caller hears of the change: for caches
   * of what shows it. Must not reject.
   */
  readonly onChange?: (name: string, version: number) => Promise<void>;
}

const log = createLogger('accounts');

/** The people of this server: who they are, how they prove it, and the keys that sign for them. */
export class Accounts {
  readonly #publicUrl: string;
  readonly #dataSource: DataSource;
  readonly #accounts: Repository<AccountEntity>;
  readonly #idempotency: IdempotencyKeys;
  readonly #instance: InstanceKey;
  readonly #onChange: (name: string, version: number) => Promise<void>;

  constructor(dataSource: DataSource, { publicUrl, onChange = async () => undefined }: AccountsOptions) {
    this.#publicUrl = publicUrl;
    this.#onChange = onChange;
    this.#dataSource = dataSource;
    this.#accounts = dataSource.getRepository(AccountEntity);
    this.#idempotency = new IdempotencyKeys(dataSource);
    this.#instance = new InstanceKey(dataSource);
  }

  /** Makes an account with its key pair and a first token. Names are lower-case and stay taken for good; addresses are compared without case. */
  async create({ name, email, password, history }: NewAccount): Promise<CreateOutcome> {
    const checks = { name: whyNotName(name), email: whyNotEmail(email), password: whyNotPassword(password) };
    for (const field of ['name', 'email', 'password'] as const) {
      const detail = checks[field];
      if (detail !== null) return { kind: 'invalid', field, detail };
    }
    // Asked first to spare the work; the unique constraints below decide.
    const taken = await this.#taken(name, email);
    if (taken) return { kind: 'taken', field: taken };
    const token = newToken();
    const [passwordHash, keys] = await Promise.all([hashPassword(password), generateRsaKeyPair()]);
    const made = await this.#dataSource.query<unknown[]>(
      `WITH made AS (
         INSERT INTO account (name, email, password_hash, history, public_key_pem, private_key_pem) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING RETURNING id)
       INSERT INTO access_token (token_hash, account_id) SELECT $7, id FROM made RETURNING account_id`,
      [name, email, passwordHash, history, keys.publicKeyPem, keys.privateKeyPem, tokenHash(token)],
    );
    if (made.length === 0) return { kind: 'taken', field: (await this.#taken(name, email)) ?? 'name' };
    const account = await this.byName(name);
    if (!account) throw new Error(`the account ${name} vanished while it was being made`);
    await this.#onChange(name, account.version);
    log.info({ name }, 'account created');
    return { kind: 'created', account, token };
  }

  async #taken(name: string, email: string): Promise<'name' | 'email' | null> {
    const [row] = await this.#dataSource.query<{ name: boolean; email: boolean }[]>(
      `SELECT EXISTS (SELECT FROM account WHERE name = $1) AS name, EXISTS (SELECT FROM account WHERE lower(email) = lower($2)) AS email`,
      [name, email],
    );
    if (row?.name) return 'name';
    return row?.email ? 'email' : null;
  }

  /** The account, if the password is right; null for a wrong one and for an unknown name, after the same time. Limit the rate of calls. */
  async verifyPassword(name: string, password: string): Promise<Account | null> {
    const entity = await this.#accounts
      .createQueryBuilder('account')
      .addSelect('account.passwordHash')
      .where('account.name = :name AND account.deleted_at IS NULL', { name: storedName(name) })
      .getOne();
    const matches = await matchesPassword(password, entity?.passwordHash ?? null);
    return entity && matches ? toAccount(entity, this.#publicUrl) : null;
  }

  /** A new access token: shown once, stored as a hash, valid until the account is deleted. Null: no such account. */
  async issueToken(name: string): Promise<string | null> {
    const token = newToken();
    // FOR SHARE: a deletion at the same time either sees this token or keeps it from being made.
    const made = await this.#dataSource.query<unknown[]>(
      `INSERT INTO access_token (token_hash, account_id)
       SELECT $2, id FROM account WHERE name = $1 AND deleted_at IS NULL FOR SHARE RETURNING account_id`,
      [storedName(name), tokenHash(token)],
    );
    return made.length > 0 ? token : null;
  }

  /** Whose token this is. Two index look-ups in one query, so no cache: a deleted account is out at once. */
  async authenticate(token: string): Promise<Account | null> {
    const entity = await this.#accounts
      .createQueryBuilder('account')
      .innerJoin(AccessTokenEntity, 'token', 'token.account_id = account.id')
      .where('token.token_hash = :hash AND account.deleted_at IS NULL', { hash: tokenHash(token) })
      .getOne();
    return entity && toAccount(entity, this.#publicUrl);
  }

  /** The living account of that name, in any case. */
  async byName(name: string): Promise<Account | null> {
    const found = await this.lookup(name);
    return found.kind === 'found' ? found.account : null;
  }

  /** As `byName`, and tells a deleted account from one that never was. */
  async lookup(name: string): Promise<Lookup> {
    const entity = await this.#accounts.findOneBy({ name: storedName(name) });
    if (!entity) return { kind: 'unknown' };
    return { kind: entity.deletedAt ? 'deleted' : 'found', account: toAccount(entity, this.#publicUrl) };
  }

  /** The versions of the accounts among `names`, deleted ones too, by lower-case name. */
  async versionsOf(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#dataSource.query<{ name: string; version: string }[]>('SELECT name, version FROM account WHERE name = ANY($1::text[])', [names.map(storedName)]);
    return new Map(rows.map(({ name, version }) => [name, Number(version)]));
  }

  /** The living accounts among `names`, in no order. */
  async byNames(names: readonly string[]): Promise<readonly Account[]> {
    if (names.length === 0) return [];
    const entities = await this.#accounts.findBy({ name: In(names.map(storedName)), deletedAt: IsNull() });
    return entities.map((entity) => toAccount(entity, this.#publicUrl));
  }

  /** Number of living accounts (NodeInfo `usage.users.total`). */
  count(): Promise<number> {
    return this.#accounts.countBy({ deletedAt: IsNull() });
  }

  /** Switches the history on or off; null: no such account. What the log must learn of it is the caller's to publish. */
  async setHistory(name: string, history: boolean): Promise<Account | null> {
    await this.#accounts.update({ name: storedName(name), deletedAt: IsNull() }, { history });
    return this.#changed(await this.byName(name));
  }

  /** Whether followers must be approved from now on; null: no such account. */
  async setLocked(name: string, locked: boolean): Promise<Account | null> {
    await this.#accounts.update({ name: storedName(name), deletedAt: IsNull() }, { locked });
    return this.#changed(await this.byName(name));
  }

  /**
   * Marks the account deleted, and forgets whose it was: address, password, profile, tokens and remembered requests. The name stays
   * taken, and the key until `forgetKey`, since the last Delete must be signed. Again for a deleted account: the same answer, so that
   * a caller that died before it told anybody can do it over.
   * @returns null when there never was such an account.
   */
  async delete(name: string): Promise<Account | null> {
    const stored = storedName(name);
    await this.#dataSource.transaction(async (manager) => {
      const [rows] = await manager.query<[{ id: string }[], number]>(
        `UPDATE account SET deleted_at = coalesce(deleted_at, now()), email = NULL, password_hash = NULL, display_name = '', bio = '', icon_url = NULL
          WHERE name = $1 RETURNING id`,
        [stored],
      );
      const id = rows[0]?.id;
      if (id === undefined) return;
      await manager.query('DELETE FROM access_token WHERE account_id = $1', [id]);
      await manager.query('DELETE FROM idempotency_key WHERE account_id = $1', [id]);
      log.info({ name: stored }, 'account deleted');
    });
    const found = await this.lookup(stored);
    return this.#changed(found.kind === 'deleted' ? found.account : null);
  }

  async #changed(account: Account | null): Promise<Account | null> {
    if (account) await this.#onChange(account.name, account.version);
    return account;
  }

  /** The key that signs for a local actor (also a deleted one, until `forgetKey`) or for the instance actor; null for any other IRI. */
  async signingKey(actorIri: string): Promise<SigningKey | null> {
    if (actorIri === instanceActorUrls(this.#publicUrl).id) return this.instanceSigningKey();
    const name = parseLocalActor(this.#publicUrl, actorIri);
    if (name === null) return null;
    const row = await this.#accounts.findOne({ select: { id: true, privateKeyPem: true }, where: { name } });
    return row?.privateKeyPem ? { keyId: actorUrls(this.#publicUrl, name).keyId, privateKeyPem: row.privateKeyPem } : null;
  }

  /** The instance actor's key, which signs what the server fetches. Makes the pair on first use. */
  async instanceSigningKey(): Promise<SigningKey> {
    return { keyId: instanceActorUrls(this.#publicUrl).keyId, privateKeyPem: (await this.#instance.pair()).privateKeyPem };
  }

  /** The instance actor's public key, SubjectPublicKeyInfo in PEM. Makes the pair on first use. */
  async instancePublicKeyPem(): Promise<string> {
    return (await this.#instance.pair()).publicKeyPem;
  }

  /** A deleted account's last Delete is delivered: nothing will be signed for it again. Does nothing to a living one. */
  async forgetKey(actorIri: string): Promise<void> {
    const name = parseLocalActor(this.#publicUrl, actorIri);
    if (name === null) return;
    await this.#dataSource.query('UPDATE account SET private_key_pem = NULL WHERE name = $1 AND deleted_at IS NOT NULL', [name]);
  }

  /** Id and `published` for the account's next status, strictly increasing; null: no such account (any more). */
  nextPublication(accountId: string): Promise<Publication | null> {
    return nextPublication(this.#dataSource, accountId);
  }

  /**
   * Sees to it that requests with the same `Idempotency-Key` are carried out as one, for 24 hours, whichever process they reach. `key`
   * has 1 to 255 characters; `requestHash` stands for everything asked (method, path, body). `decide` fixes what the request will do
   * before it does it; of several at once one wins, and all get the winner's.
   */
  reserveIdempotent<Reserved extends object>(accountId: string, key: string, requestHash: string, decide: () => Promise<Reserved>): Promise<Reservation<Reserved>> {
    return this.#idempotency.reserve(accountId, key, requestHash, decide);
  }

  /** The answer to give again to the same key. */
  rememberResponse(accountId: string, key: string, response: object): Promise<void> {
    return this.#idempotency.remember(accountId, key, response);
  }

  /** Forgets idempotency keys older than 24 hours; resolves to how many. Call it every now and then. */
  sweepIdempotencyKeys(): Promise<number> {
    return this.#idempotency.sweep();
  }
}
