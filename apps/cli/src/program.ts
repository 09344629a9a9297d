import { Command, InvalidArgumentError } from 'commander';
import { createAccount, deleteAccount, issueToken } from './account.ts';
import { runMigrations } from './migrate.ts';
import { applyTopics } from './topics.ts';

const wholeNumber = (value: string): number => {
  if (!/^[1-9]\d{0,2}$/.test(value)) throw new InvalidArgumentError('It is not a whole number from 1 to 999.');
  return Number(value);
};

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

  const topics = helio.command('topics').description('topics of Apache Kafka');
  topics
    .command('apply')
    .description('make the topics that are missing, and tell what is different about those that exist; changes and removes none')
    .option('--replication <n>', 'copies of each partition (default 3)', wholeNumber)
    .option('--min-insync-replicas <n>', 'copies that must have a message before it is acknowledged (default 2)', wholeNumber)
    .action((options: { replication?: number; minInsyncReplicas?: number }) => applyTopics(options));
  return helio;
}
