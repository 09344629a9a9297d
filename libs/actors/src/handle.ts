/** What people call an actor: `name@host`. */
export interface Handle {
  /** In lower case, the host in ASCII: the form in which handles are compared. */
  readonly canonical: string;
  /** As it was written: some servers mind the case. */
  readonly name: string;
  readonly host: string;
}

/** Reads `name@host`, `@name@host` or `acct:name@host`; the host may have a port. Null: it is none. */
export function parseHandle(text: string, scheme: 'http' | 'https'): Handle | null {
  const match = /^(?:acct:)?@?([^\s@/?#:\p{Cc}\p{Cs}]{1,200})@([^\s@/?#\\]{1,255})$/iu.exec(text);
  const [, name, written] = match ?? [];
  if (name === undefined || written === undefined) return null;
  const url = URL.parse(`${scheme}://${written}`);
  if (url === null || url.hostname === '' || url.hostname.endsWith('.') || url.pathname !== '/') return null;
  return { canonical: `${name.toLowerCase()}@${url.host}`, name, host: url.host };
}
