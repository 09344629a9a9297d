import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { AddressPolicy } from './addresses.ts';
import { SafeHttpError } from './errors.ts';

export interface ConnectorOptions {
  readonly permits: AddressPolicy;
  readonly lookup: LookupFunction;
  readonly connectTimeoutMs: number;
}

const refusal = (host: string) => new SafeHttpError('refused', `${host} has an address that is not public`);

/** Resolves a name and fails if any of its addresses is not permitted: a name with both kinds is a trap, or broken. */
function guardedLookup(permits: AddressPolicy, lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, result) => {
      if (error) return callback(error, '');
      const addresses = Array.isArray(result) ? result : [];
      const [first] = addresses;
      if (!first) return callback(Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' }), '');
      if (!addresses.every(({ address }) => permits(address))) return callback(refusal(hostname), '');
      return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}

/**
 * How undici connects: to the very addresses that were checked (so a second answer of the DNS changes nothing), and once more
 * looking at where the socket ended, because `lookup` is not asked for IP literals.
 */
export function guardedConnector({ permits, lookup, connectTimeoutMs }: ConnectorOptions): buildConnector.connector {
  const connect = buildConnector({
    lookup: guardedLookup(permits, lookup),
    timeout: connectTimeoutMs,
    autoSelectFamily: true,
    // One stream per connection, so that what one peer can make us hold stays countable.
    allowH2: false,
  });
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error) return callback(error, null);
      if (permits(socket.remoteAddress ?? '')) return callback(null, socket);
      socket.destroy();
      return callback(refusal(options.hostname), null);
    });
  };
}
