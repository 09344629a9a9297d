/**
 * The headers of a request, names in lower case, as `node:http` gives them. Pass `request.headersDistinct` rather than
 * `request.headers` when verifying: the latter silently drops a second `Host`, and a repeated header must be refused here.
 */
export type HeaderBag = Readonly<Record<string, string | readonly string[] | undefined>>;

/** All values of one header, in order; empty when it was not sent. `name` in lower case. */
export function headerValues(headers: HeaderBag, name: string): readonly string[] {
  // Names come from the peer's Signature header: `constructor` must not find Object's.
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
