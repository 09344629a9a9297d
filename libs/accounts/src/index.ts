export { Accounts, type AccountsOptions, type CreateOutcome, type Lookup, type NewAccount } from './accounts.ts';
export type { Account, SigningKey } from './account.ts';
export { accountsEntities } from './entities.ts';
export { accountsMigrations } from './migrations.ts';
export { storedName } from './names.ts';
export { IDEMPOTENCY_KEY_MAX, type Reservation } from './idempotency.ts';
export { PASSWORD_MAX, PASSWORD_MIN } from './password.ts';
export { type Publication } from './publication.ts';
