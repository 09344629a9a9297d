/** Where one remote actor's mail goes, as its actor document says. */
export interface Addressee {
  readonly inbox: string;
  readonly sharedInbox: string | null;
}

/** Longest inbox URL we post to, in bytes: it is part of an index, and no server known needs a tenth of it. */
const MAX_URL_BYTES = 1000;

/**
 * An inbox URL in the one spelling that deduplication relies on: http or https, no user info, no fragment, host in lower case.
 *
 * @param ownOrigin this server's origin; its own people read from the tables, so nothing is posted there
 * @returns null when it is no such URL, longer than 1,000 bytes, or on our own host: nothing can be sent there
 */
export function inboxUrl(url: string, ownOrigin: string): string | null {
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.username || parsed.password) return null;
  if (parsed.host === new URL(ownOrigin).host) return null;
  parsed.hash = '';
  return parsed.href.length <= MAX_URL_BYTES ? parsed.href : null;
}

/** Where a message for many goes: the shared inbox when there is one (ActivityPub §7.1.3), else the actor's own. Null: nowhere. */
export const audienceInbox = (addressee: Addressee, ownOrigin: string): string | null =>
  (addressee.sharedInbox && inboxUrl(addressee.sharedInbox, ownOrigin)) || inboxUrl(addressee.inbox, ownOrigin);

/** One entry per POST that reaches all addressees, in order of first appearance. */
export function audienceInboxes(addressees: Iterable<Addressee>, ownOrigin: string): readonly string[] {
  const inboxes = new Set<string>();
  for (const addressee of addressees) {
    const inbox = audienceInbox(addressee, ownOrigin);
    if (inbox) inboxes.add(inbox);
  }
  return [...inboxes];
}
