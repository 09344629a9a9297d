/**
 * Names that nobody may have: they are paths or roles of the server, or would let somebody pose as its staff. RFC 2142 names the
 * mailboxes among them.
 */
const RESERVED: ReadonlySet<string> = new Set(
  `about abuse account accounts activity actor actors admin administrator all anonymous api app assets auth billing cli contact demo docs
  everyone favicon federation feed followers following group guest healthz help helio heliograph home host hostmaster inbox index info
  instance invite legal local login logout mail media metrics mod moderation moderator moderators me news nobody nodeinfo noc none null
  oauth official operator outbox owner password policy postmaster privacy profile public readyz register relay robots root rules search
  security server service session settings share shared signin signout signup staff static status statuses stream support sys sysadmin
  system team terms test token undefined update user username users webfinger webmaster well_known www`.split(/\s+/),
);

/** Why `name` cannot be an account's name; null when it can. */
export function whyNotName(name: string): string | null {
  if (!/^[a-z0-9_]{1,30}$/.test(name)) return 'must be 1 to 30 of the characters a–z, 0–9 and _';
  return RESERVED.has(name) ? 'is reserved' : null;
}

/** Why `email` cannot be an address; null when it can. Whether it is one shows only when mail arrives (RFC 5321 section 4.5.3.1 for the limits). */
export function whyNotEmail(email: string): string | null {
  return /^[^\s@\p{Cc}]{1,64}@[^\s@\p{Cc}]{1,255}$/u.test(email) ? null : 'must be an e-mail address, such as name@host.example';
}

/** `name` as it is stored; the empty string, which nobody has, for what cannot be a name (so that no odd byte reaches the database). */
export const storedName = (name: string): string => (/^[A-Za-z0-9_]{1,30}$/.test(name) ? name.toLowerCase() : '');
