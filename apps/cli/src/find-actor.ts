import type { Engines } from '@heliograph/engines';
import { CommandError } from './command-error.ts';

/**
 * The IRI of an actor whom somebody names by a local name, `name@host` (with or without @ before it), or the IRI itself. Asks no other server.
 *
 * @throws CommandError when nobody of that name is known.
 */
export async function findActor({ accounts, actors, config }: Engines, named: string): Promise<string> {
  if (/^https?:\/\//.test(named)) return named;
  const [name = '', host, ...rest] = named.replace(/^@/, '').split('@');
  if (name === '' || host === '' || rest.length > 0) throw new CommandError(`"${named}" is not a name, name@host or an actor's address`);
  if (host !== undefined && host.toLowerCase() !== new URL(config.publicUrl).host) {
    const actor = await actors.knownByHandle(`${name}@${host}`);
    if (!actor) throw new CommandError(`${named} is not known here`);
    return actor.iri;
  }
  const found = await accounts.lookup(name);
  // The log remembers those who are gone, too.
  if (found.kind === 'unknown') throw new CommandError(`there is no account ${name}`);
  return found.account.actor;
}
