import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Preloaded into a process under test, makes every name under `.test` (RFC 6761) resolve to 127.0.0.1: captured activities go in
 * verbatim, with the host names they were made under.
 */
if (process.env['HELIO_TEST_LOOPBACK_HOSTS']) {
  const lookup = dns.lookup;
  const patched = (hostname: string, ...rest: unknown[]): void =>
    (lookup as (...args: unknown[]) => void)(hostname.endsWith('.test') ? '127.0.0.1' : hostname, ...rest);
  Object.assign(dns, { lookup: patched });
  syncBuiltinESMExports();
}

/** Environment for a process that is to resolve `.test` to loopback. */
export const loopbackHosts = (): Record<string, string> => ({
  HELIO_TEST_LOOPBACK_HOSTS: 'on',
  NODE_OPTIONS: `--import ${pathToFileURL(path.resolve(import.meta.dirname, '../dist/loopback-hosts.js')).href}`,
});
