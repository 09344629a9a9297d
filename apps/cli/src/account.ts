import { graphCodec, type StatusSubmitted, statusSubmittedCodec, TOPICS } from '@heliograph/contracts';
import { makeEvent } from '@heliograph/status';
import { CommandError } from './command-error.ts';
import { withEngines } from './with-engines.ts';

const print = (line: object): void => console.log(JSON.stringify(line));

/** @throws CommandError when a value is wrong or taken. */
export const createAccount = (name: string, { email, password, history }: { email: string; password: string; history: boolean }): Promise<void> =>
  withEngines(async ({ accounts }) => {
    const outcome = await accounts.create({ name, email, password, history });
    switch (outcome.kind) {
      case 'created':
        return print({ name: outcome.account.name, id: outcome.account.actor, token: outcome.token });
      case 'invalid':
        throw new CommandError(`${outcome.field}: ${outcome.detail}`);
      case 'taken':
        throw new CommandError(`${outcome.field}: is taken`);
      default:
        return outcome satisfies never;
    }
  });

/** @throws CommandError when there is no such account. */
export const issueToken = (name: string): Promise<void> =>
  withEngines(async ({ accounts }) => {
    const [account, token] = [await accounts.byName(name), await accounts.issueToken(name)];
    if (!account || !token) throw new CommandError(`there is no account ${name}`);
    print({ name: account.name, id: account.actor, token });
  });

/** Deletes the account, then tells the projection and delivery; again for a deleted one, in case the first was interrupted in between. */
export const deleteAccount = (name: string): Promise<void> =>
  withEngines(async ({ accounts, bus }) => {
    const account = await accounts.delete(name);
    if (!account) throw new CommandError(`there is no account ${name}`);
    const { actor } = account;
    const at = new Date().toISOString();
    const deleted: StatusSubmitted = makeEvent('ActorDeleted', { actor }, { receivedAt: at, origin: 'local' });
    await bus.publish(TOPICS.statusSubmitted.name, [{ key: actor, value: statusSubmittedCodec.encode(deleted) }]);
    await bus.publish(TOPICS.graph.name, [{ key: actor, value: graphCodec.encode({ type: 'AccountDeleted', data: { actor, at } }) }]);
    print({ name: account.name, id: actor, deleted: account.deletedAt });
  });
