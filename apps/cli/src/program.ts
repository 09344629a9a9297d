import { Command, InvalidArgumentError } from 'commander';
import { createAccount, deleteAccount, issueToken } from './account.ts';
import { printLog, printStatusAt } from './log.ts';
import { runMigrations } from './migrate.ts';
import { rebuild, verify } from './projection.ts';
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

  const projection = helio.command('projection').description('the tables of current and past statuses, which follow from the log');
  projection
    .command('rebuild')
    .description('build them anew from the log, beside the live ones, and swap; may run while the services do: readers never wait, writers less than a second. Stop it at any time, and start it again')
    .action(() => rebuild());
  projection
    .command('verify')
    .description('compare them with what the log says, and print the differences; changes nothing, and may run while the services do. Status 1: there are some. Not compared: the version of a row, which counts changes, and what waits to be erased')
    .option('--limit <rows>', 'most rows whose differences are printed', wholeNumber, 100)
    .action((options: { limit: number }) => verify(options));

  const actorHelp = 'a local name, name@host, or the address of the actor (https://…)';
  helio
    .command('status')
    .description('what the log says about statuses')
    .command('at')
    .description("print what was an actor's status at an instant, by what this server had received until then (received, not published). Text that was erased since is gone here, too")
    .argument('<actor>', actorHelp)
    .argument('<time>', 'RFC 3339, such as 2026-11-24T18:00:00Z')
    .option('--json', 'as one line of JSON')
    .action((actor: string, time: string, options: { json?: boolean }) => printStatusAt(actor, time, options));
  helio
    .command('log')
    .description("print an actor's latest events, in the order in which they were recorded")
    .argument('<actor>', actorHelp)
    .option('--limit <n>', 'how many', wholeNumber, 50)
    .option('--json', 'a line of JSON for each')
    .action((actor: string, options: { limit: number; json?: boolean }) => printLog(actor, options));

  const topics = helio.command('topics').description('topics of Apache Kafka');
  topics
    .command('apply')
    .description('make the topics that are missing, and tell what is different about those that exist; changes and removes none')
    .option('--replication <n>', 'copies of each partition (default 3)', wholeNumber)
    .option('--min-insync-replicas <n>', 'copies that must have a message before it is acknowledged (default 2)', wholeNumber)
    .action((options: { replication?: number; minInsyncReplicas?: number }) => applyTopics(options));
  return helio;
}
