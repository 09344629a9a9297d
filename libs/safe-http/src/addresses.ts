import ipaddr from 'ipaddr.js';

/** Says whether a connection to an IP address is allowed; false also for what is no address. */
export type AddressPolicy = (address: string) => boolean;

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Well-known prefix of NAT64 (RFC 6052 §2.1): how an IPv6-only network writes the IPv4 address of a peer. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** All that IANA has given out as global unicast; leaves out `::/96`, for which ipaddr.js has no name. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** The IPv4 address that is really meant, where an IPv6 address carries one; 6to4 and Teredo do too, but are refused as they are. */
function unwrap(address: Address): Address {
  if (!(address instanceof ipaddr.IPv6)) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  return address.match(NAT64) ? new ipaddr.IPv4(address.toByteArray().slice(12)) : address;
}

function parse(text: string): Address | null {
  // ipaddr.js would take `::1.2.3.4` (RFC 4291 §2.5.5.1, deprecated) for `::ffff:1.2.3.4`.
  if (/^::\d+\./.test(text)) return null;
  // Not ipaddr.parse alone: it also reads short, octal and hexadecimal IPv4, which is not for us to guess at.
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text) ? unwrap(ipaddr.parse(text)) : null;
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  return !(address instanceof ipaddr.IPv6) || address.match(GLOBAL_UNICAST);
}

/** Public unicast addresses only: no private, loopback, link-local, shared, reserved, multicast or tunnelled ones. */
export const publicOnly: AddressPolicy = (text) => {
  const address = parse(text);
  return address !== null && isPublic(address);
};

const LOCAL = new Set(['loopback', 'private', 'uniqueLocal']);

/** Also loopback and private networks; link-local (cloud metadata) and the rest stay closed. */
export const publicAndPrivate: AddressPolicy = (text) => {
  const address = parse(text);
  return address !== null && (isPublic(address) || LOCAL.has(address.range()));
};
