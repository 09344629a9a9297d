import { isIP } from 'node:net';
import type { AddressPolicy } from './addresses.ts';
import { SafeHttpError } from './errors.ts';

export interface UrlPolicy {
  readonly schemes: readonly string[];
  /** Whether ports of other protocols (below 1024) may be asked. */
  readonly anyPort: boolean;
  readonly permits: AddressPolicy;
}

const refuse = (message: string): never => {
  throw new SafeHttpError('refused', message);
};

/** The name or address of a URL as `net.connect` wants it: IPv6 without brackets. */
export const hostnameOf = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1');

/**
 * Reads a URL that may be asked, as far as it shows without DNS. WHATWG parsing turns every spelling of an IPv4 address
 * (`2130706433`, `0x7f.1`) into four decimals first.
 * @throws {SafeHttpError} `refused`
 */
export function checkUrl(text: string, policy: UrlPolicy): URL {
  if (!URL.canParse(text)) return refuse('not an absolute URL');
  const url = new URL(text);
  if (!policy.schemes.includes(url.protocol)) return refuse(`only ${policy.schemes.join(' and ')} URLs are requested`);
  if (url.username !== '' || url.password !== '') return refuse('a URL with a user name or password is not requested');
  // An empty port is the scheme's own.
  if (!policy.anyPort && url.port !== '' && Number(url.port) < 1_024) return refuse(`port ${url.port} is not requested`);
  const host = hostnameOf(url);
  if (isIP(host) !== 0 && !policy.permits(host)) return refuse(`${host} is not a public address`);
  url.hash = '';
  return url;
}
