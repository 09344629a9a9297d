import { Command } from 'commander';
import { createAccount, deleteAccount, issueToken } from './account.ts';
import { runMigrations } from './migrate.ts';

/** `helio`: looks after one instance, beside a running server or before its first start, with the server's environment. */
export function program(): Command {
  const helio = new Command('helio')
    .description('Looks after a Heliograph instance: run it with the environment of the server (DATABASE_URL or HELIO_DATA_DIR, HELIO_PUBLIC_URL).')
    .showHelpAfterError();

  const account = helio.command('account').description('accounts of people');
  account
    .command('create')
    .description('make an account; prints one line of JSON: name, id (address of the actor), token')
    .argument('<name>', '1 to 30 of a-z, 0-9 and _')
    .requiredOption('--email <address>', 'where mail for this person goes')
    .requiredOption('--password <password>', 'at least 8 characters')
    .option('--no-history', 'keep no past statuses')
    .action((name: string, options: { email: string; password: string; history: boolean }) => createAccount(name, options));
  account
    .command('token')
    .description('make another access token; prints one line of JSON: name, id, token')
    .argument('<name>')
    .action((name: string) => issueToken(name));
  account
    .command('delete')
    .description('delete an account and all its statuses, here and, by Delete activities, elsewhere; the name stays taken')
    .argument('<name>')
    .action((name: string) => deleteAccount(name));

  helio
    .command('migrate')
    .description('bring the database schema up to date; may run while the services do')
    .action(() => runMigrations());
  return helio;
}
