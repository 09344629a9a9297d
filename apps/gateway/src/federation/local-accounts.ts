import { type Account, Accounts } from '@heliograph/accounts';
import { Problem } from '@heliograph/platform';
import { Inject, Injectable } from '@nestjs/common';

export const nobodyCalled = (name: string): Problem => new Problem(404, `There is nobody called ${name} here.`);

/** The people in `/users/NAME` paths. */
@Injectable()
export class LocalAccounts {
  constructor(@Inject(Accounts) private readonly accounts: Accounts) {}

  /** @throws Problem 404 when there never was one. */
  async find(name: string): Promise<{ kind: 'found' | 'deleted'; account: Account }> {
    const found = await this.accounts.lookup(name);
    if (found.kind === 'unknown') throw nobodyCalled(name);
    return found;
  }

  /** @throws Problem 404 when there never was one, 410 when there is no more. */
  async living(name: string): Promise<Account> {
    const found = await this.find(name);
    if (found.kind === 'deleted') throw new Problem(410, `${name} has left.`);
    return found.account;
  }
}
