/** Both are absolute URLs; same scheme, host and port (FEP-fe34: objects of one origin belong together). */
export const sameOrigin = (a: string, b: string): boolean => new URL(a).origin === new URL(b).origin;

/** The URL to ask for something whose id may have a fragment. */
export function withoutFragment(iri: string): string {
  const hash = iri.indexOf('#');
  return hash < 0 ? iri : iri.slice(0, hash);
}
