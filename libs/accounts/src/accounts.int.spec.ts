import { createPrivateKey, createPublicKey } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import { DataSource } from 'typeorm';
import { Accounts, accountsEntities, accountsMigrations, type Account } from './index.ts';

let database: TestDatabase;
let dataSource: DataSource;
let accounts: Accounts;
let next = 0;

const connect = () =>
  new DataSource({ type: 'postgres', url: database.url, entities: accountsEntities, migrations: accountsMigrations, installExtensions: false }).initialize();

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await connect();
  await dataSource.runMigrations({ transaction: 'each' });
  accounts = new Accounts(dataSource, { publicUrl: 'https://status.example' });
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});

const details = (name = `user${(next += 1)}`) => ({ name, email: `${name}@mail.example`, password: 'correct horse', history: true });
const made = async (name?: string): Promise<{ account: Account; token: string }> => {
  const outcome = await accounts.create(details(name));
  if (outcome.kind !== 'created') throw new Error(`not created: ${JSON.stringify(outcome)}`);
  return outcome;
};
const count = async (sql: string, ...parameters: unknown[]): Promise<number> => {
  const [row] = await dataSource.query<{ n: number }[]>(`SELECT count(*)::int AS n FROM ${sql}`, parameters);
  return row?.n ?? -1;
};

describe('an account', () => {
  test('is made with a key pair, a token and a password that work', async () => {
    const { account, token } = await made('alice');
    expect(account).toEqual({
      id: expect.stringMatching(/^\d+$/),
      name: 'alice',
      actor: 'https://status.example/users/alice',
      displayName: '',
      bio: '',
      iconUrl: null,
      history: true,
      locked: false,
      publicKeyPem: expect.stringContaining('BEGIN PUBLIC KEY'),
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      deletedAt: null,
      version: 1,
    });
    expect(await accounts.authenticate(token)).toEqual(account);
    expect(await accounts.authenticate(`${token}x`)).toBeNull();
    expect(await accounts.verifyPassword('ALICE', 'correct horse')).toEqual(account);
    expect(await accounts.verifyPassword('alice', 'wrong horse')).toBeNull();
    expect(await accounts.verifyPassword('nobody_here', 'correct horse')).toBeNull();
    const key = await accounts.signingKey(account.actor);
    expect(key?.keyId).toBe(`${account.actor}#main-key`);
    const derived = createPublicKey(createPrivateKey(key?.privateKeyPem ?? '')).export({ type: 'spki', format: 'pem' });
    expect(derived).toBe(account.publicKeyPem);
  });

  test('stores neither password nor token', async () => {
    const { token } = await made('secretive');
    const rows = await dataSource.query<{ all: string }[]>(`SELECT a::text || t::text AS all FROM account a JOIN access_token t ON t.account_id = a.id WHERE name = 'secretive'`);
    expect(rows[0]?.all).toContain('argon2id');
    expect(rows[0]?.all).not.toContain('correct horse');
    expect(rows[0]?.all).not.toContain(token);
  });

  test.each([
    ['name', { name: 'Not OK' }],
    ['name', { name: 'inbox' }],
    ['email', { email: 'nowhere' }],
    ['password', { password: 'short' }],
  ])('is not made with a bad %s', async (field, change) => {
    expect(await accounts.create({ ...details(), ...change })).toEqual({ kind: 'invalid', field, detail: expect.any(String) });
  });

  test('is not made when the name or the address, in any case, is taken', async () => {
    await made('first');
    expect(await accounts.create({ ...details(), name: 'first' })).toEqual({ kind: 'taken', field: 'name' });
    expect(await accounts.create({ ...details(), email: 'FIRST@mail.example' })).toEqual({ kind: 'taken', field: 'email' });
  });

  test('of several made at once under one name, one is', async () => {
    const outcomes = await Promise.all([1, 2, 3].map((n) => accounts.create({ ...details('racer'), email: `racer${n}@mail.example` })));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['created', 'taken', 'taken']);
    expect(await count(`access_token t JOIN account a ON a.id = t.account_id WHERE name = 'racer'`)).toBe(1);
  });

  test('is found by name in any case, alone and among others', async () => {
    const { account } = await made('findme');
    expect(await accounts.byName('FindMe')).toEqual(account);
    expect(await accounts.lookup('findme')).toEqual({ kind: 'found', account });
    expect(await accounts.byName('find\u0000me')).toBeNull();
    expect((await accounts.byNames(['FINDME', 'nobody_here'])).map(({ name }) => name)).toEqual(['findme']);
    expect(await accounts.byNames([])).toEqual([]);
  });

  test('gets more tokens, and history on and off', async () => {
    const { account, token } = await made('more');
    const second = await accounts.issueToken('More');
    expect(second).not.toBe(token);
    expect(await accounts.authenticate(second ?? '')).toEqual(account);
    expect(await accounts.authenticate(token)).toEqual(account);
    expect(await accounts.issueToken('nobody_here')).toBeNull();
    expect(await accounts.setHistory('more', false)).toEqual({ ...account, history: false, version: 2 });
    expect(await accounts.setHistory('nobody_here', false)).toBeNull();
  });
});

describe('a deleted account', () => {
  test('is forgotten but for its name and its key, and the key when told', async () => {
    const { account, token } = await made('leaver');
    const before = await accounts.count();
    await accounts.reserveIdempotent(account.id, 'k', 'h', async () => ({ id: '1' }));
    await accounts.forgetKey(account.actor);
    expect(await accounts.signingKey(account.actor)).not.toBeNull(); // a living account keeps its key

    const deleted = await accounts.delete('Leaver');
    expect(deleted).toEqual({ ...account, deletedAt: expect.any(String), version: 2 });
    expect(await accounts.delete('leaver')).toEqual(deleted);
    expect(await accounts.delete('nobody_here')).toBeNull();

    expect(await accounts.count()).toBe(before - 1);
    expect(await accounts.byName('leaver')).toBeNull();
    expect(await accounts.byNames(['leaver'])).toEqual([]);
    expect(await accounts.lookup('leaver')).toEqual({ kind: 'deleted', account: deleted });
    expect(await accounts.lookup('nobody_here')).toEqual({ kind: 'unknown' });
    expect(await accounts.authenticate(token)).toBeNull();
    expect(await accounts.issueToken('leaver')).toBeNull();
    expect(await accounts.verifyPassword('leaver', 'correct horse')).toBeNull();
    expect(await accounts.nextPublication(account.id)).toBeNull();
    expect(await count('idempotency_key WHERE account_id = $1', account.id)).toBe(0);
    expect(await count(`account a WHERE name = 'leaver' AND a::text LIKE '%mail.example%'`)).toBe(0);
    expect(await accounts.create({ ...details('leaver'), email: 'other@mail.example' })).toEqual({ kind: 'taken', field: 'name' });
    // The address may be used again.
    expect((await accounts.create({ ...details(), email: 'leaver@mail.example' })).kind).toBe('created');

    expect(await accounts.signingKey(account.actor)).not.toBeNull();
    await accounts.forgetKey(account.actor);
    expect(await accounts.signingKey(account.actor)).toBeNull();
  });
});

describe("an account's version", () => {
  test('is raised by every change that its document shows, whoever makes it, and by no other', async () => {
    const { account } = await made();
    const version = async (): Promise<number | undefined> => (await accounts.versionsOf([account.name.toUpperCase(), 'nobody_here'])).get(account.name);
    const shown = [`display_name = 'A'`, `bio = 'b'`, `icon_url = 'https://c.example/'`, 'history = false', 'locked = true', `public_key_pem = 'd'`];
    for (const [i, change] of shown.entries()) {
      await dataSource.query(`UPDATE account SET ${change} WHERE name = $1`, [account.name]);
      expect(await version()).toBe(i + 2);
      await dataSource.query(`UPDATE account SET ${change} WHERE name = $1`, [account.name]);
    }
    await accounts.nextPublication(account.id);
    await dataSource.query(`UPDATE account SET email = 'other-' || email WHERE name = $1`, [account.name]);
    expect(await version()).toBe(shown.length + 1);
    expect((await accounts.byName(account.name))?.version).toBe(shown.length + 1);
  });

  test('is told after each change was committed, and before the caller hears of it', async () => {
    const told: { name: string; version: number; stored: number | undefined }[] = [];
    const other = await connect();
    const onChange = async (name: string, version: number): Promise<void> => {
      told.push({ name, version, stored: (await new Accounts(other, { publicUrl: 'https://status.example' }).versionsOf([name])).get(name) });
    };
    const telling = new Accounts(dataSource, { publicUrl: 'https://status.example', onChange });
    const { name } = details();
    await telling.create(details(name));
    await telling.setHistory(name, false);
    await telling.delete(name);
    // Again, since whoever deleted it may have died before he told anybody.
    await telling.delete(name);
    expect(told).toEqual([1, 2, 3, 3].map((version) => ({ name, version, stored: version })));
    await telling.setHistory('nobody_here', true);
    await telling.delete('nobody_here');
    await telling.create(details(name));
    expect(told).toHaveLength(4);
    await other.destroy();
  });
});

describe('the instance actor', () => {
  test('has one key, also when several processes make it at once', async () => {
    const other = await connect();
    const processes = [accounts, ...[dataSource, other, other].map((source) => new Accounts(source, { publicUrl: 'https://status.example' }))];
    const keys = await Promise.all(processes.map((one) => one.signingKey('https://status.example/actor')));
    await other.destroy();
    expect(new Set(keys.map((key) => key?.privateKeyPem)).size).toBe(1);
    expect(keys[0]?.keyId).toBe('https://status.example/actor#main-key');
    const derived = createPublicKey(createPrivateKey(keys[0]?.privateKeyPem ?? '')).export({ type: 'spki', format: 'pem' });
    expect(derived).toBe(await accounts.instancePublicKeyPem());
  });

  test('is nobody else: other IRIs have no key', async () => {
    for (const iri of ['https://status.example/actor2', 'https://other.example/actor', 'https://status.example/users/', 'https://status.example/users/ALICE', 'https://other.example/users/alice']) {
      expect(await accounts.signingKey(iri)).toBeNull();
    }
  });
});

describe('the next publication', () => {
  test('is later than the one before, unique, and a safe integer, however many ask at once', async () => {
    const [one, two] = [await made(), await made()];
    const asked = Array.from({ length: 60 }, (_, n) => (n % 2 ? one : two).account.id);
    const got = await Promise.all(asked.map((id) => accounts.nextPublication(id)));
    const ids = got.map((publication) => Number(publication?.id));
    expect(new Set(ids).size).toBe(60);
    expect(ids.every(Number.isSafeInteger)).toBe(true);
    const mine = got.filter((_, n) => n % 2).map((publication) => publication?.published ?? '');
    expect(new Set(mine).size).toBe(30);
    const again = await accounts.nextPublication(one.account.id);
    expect([...mine].sort().at(-1)! < (again?.published ?? '')).toBe(true);
    expect(again?.published).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Math.abs(Date.parse(again?.published ?? '') - Date.now())).toBeLessThan(5_000);
  });

  test('follows the last one when the clock was set back', async () => {
    const { account } = await made();
    await dataSource.query(`UPDATE account SET last_published = '2090-01-01T00:00:00.999Z' WHERE id = $1`, [account.id]);
    const first = await accounts.nextPublication(account.id);
    expect(first?.published).toBe('2090-01-01T00:00:01.000Z');
    expect(Math.floor(Number(first?.id) / 2048)).toBe(Date.parse('2090-01-01T00:00:01.000Z'));
  });

  test('repeats no id when the database was restored from before', async () => {
    const { account } = await made();
    const lost = await accounts.nextPublication(account.id);
    await dataSource.query(`UPDATE account SET last_published = NULL WHERE id = $1`, [account.id]);
    await dataSource.query(`SELECT setval('publication_sequence', 1)`);
    const after = await accounts.nextPublication(account.id);
    expect(Number(after?.id)).toBeGreaterThan(Number(lost?.id));
  });
});

describe('an idempotency key', () => {
  test('lets one of many at once decide, and gives its answer to the rest', async () => {
    const { account } = await made();
    let decided = 0;
    const ask = (hash = 'request') => accounts.reserveIdempotent(account.id, 'key', hash, async () => ({ n: (decided += 1) }));
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => ask()));
    expect(outcomes.filter(({ kind }) => kind === 'new')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'again')).toHaveLength(7);
    const reserved = outcomes.map((outcome) => (outcome.kind === 'conflict' ? null : outcome.reserved.n));
    expect(new Set(reserved).size).toBe(1);
    expect(await ask('another request')).toEqual({ kind: 'conflict' });

    expect(await ask()).toEqual({ kind: 'again', reserved: { n: reserved[0] }, response: null });
    await accounts.rememberResponse(account.id, 'key', { status: 201 });
    expect(await ask()).toEqual({ kind: 'again', reserved: { n: reserved[0] }, response: { status: 201 } });
  });

  test('belongs to one account', async () => {
    const [one, two] = [await made(), await made()];
    const ask = (id: string) => accounts.reserveIdempotent(id, 'shared', 'request', async () => ({}));
    expect([(await ask(one.account.id)).kind, (await ask(two.account.id)).kind, (await ask(two.account.id)).kind]).toEqual(['new', 'new', 'again']);
  });

  test('is forgotten after 24 hours, swept or not', async () => {
    const { account } = await made();
    const ask = (key: string, hash: string) => accounts.reserveIdempotent(account.id, key, hash, async () => ({ hash }));
    for (const key of ['old', 'older', 'fresh']) await ask(key, 'one');
    await dataSource.query(`UPDATE idempotency_key SET created_at = now() - interval '24 hours' WHERE account_id = $1 AND key LIKE 'old%'`, [account.id]);
    expect(await ask('old', 'two')).toEqual({ kind: 'new', reserved: { hash: 'two' } });
    expect(await accounts.sweepIdempotencyKeys()).toBe(1);
    expect((await ask('older', 'two')).kind).toBe('new');
    expect((await ask('fresh', 'two')).kind).toBe('conflict');
  });
});
