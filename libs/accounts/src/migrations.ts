import { CreateAccounts1763900200000 } from './migrations/1763900200000-create-accounts.ts';
import { AddAccountVersion1763900200010 } from './migrations/1763900200010-add-account-version.ts';

export const accountsMigrations = [CreateAccounts1763900200000, AddAccountVersion1763900200010];
