import { healthRoutes, routesOfService, sample } from './facts.ts';
import { named, type Objects, type Of, ofKind } from './objects.ts';

/** Where a proxy sends a path: the name of a service, or null when it hides it. */
export type Route = (path: string) => string | null;

/** What the Caddyfile of this repository says: matchers by name, and `handle` blocks in their order. */
export function caddyRoute(text: string): Route {
  const matchers = new Map([...text.matchAll(/^\s*@(\w+) (path|path_regexp) (.+)$/gm)].map(([, name, how, value]) => [name!, matcher(how!, value!)]));
  const handles = [...text.matchAll(/^\thandle(?: @(\w+))? \{\n([\s\S]*?)^\t\}/gm)].map(([, name, body]) => ({
    matches: name === undefined ? () => true : (matchers.get(name) ?? (() => false)),
    to: /dynamic a (\S+) \d+/.exec(body!)?.[1] ?? null,
  }));
  return (path) => handles.find(({ matches }) => matches(path))?.to ?? null;
}

function matcher(how: string, value: string): (path: string) => boolean {
  if (how === 'path_regexp') return (path) => new RegExp(value).test(path);
  const paths = value.split(' ');
  return (path) => paths.includes(path);
}

/** Hosts and ports that the Caddyfile sends requests to. */
export const caddyUpstreams = (text: string): { host: string; port: number }[] => [...text.matchAll(/dynamic a (\S+) (\d+)/g)].map(([, host, port]) => ({ host: host!, port: Number(port) }));

/** With `use-regex`, controllers take every path as the beginning of a regular expression, the longest first. */
export function ingressRoute(ingress: Of<'Ingress'>): Route {
  if (ingress.metadata.annotations?.['nginx.ingress.kubernetes.io/use-regex'] !== 'true') return () => null;
  const paths = ingress.spec.rules.flatMap(({ http }) => http.paths).toSorted((a, b) => b.path.length - a.path.length);
  return (path) => {
    const name = paths.find((one) => new RegExp(`^${one.path}`).test(path))?.backend.service.name ?? null;
    return name === 'nowhere' ? null : name;
  };
}

/** Every path that inbox-ingest answers goes there, every other that the gateway answers goes there, and health and metrics nowhere. */
export async function routeProblems(route: Route): Promise<string[]> {
  const check = (paths: readonly string[], to: string | null): string[] => paths.map(sample).filter((path) => route(path) !== to).map((path) => `${path} goes to ${route(path)}, not to ${to}`);
  const inbox = await routesOfService('inbox-ingest');
  const gateway = await routesOfService('gateway');
  // Names that only look like an inbox are people and pages.
  const lookalikes = ['/', '/@inbox', '/users/inbox', '/users/alice', '/users/alice/inbox/x', '/inboxes', '/api/inbox'];
  return [...check(inbox, 'inbox-ingest'), ...check([...gateway, ...lookalikes], 'gateway'), ...check(healthRoutes, null)];
}

/** The ingress serves the host of the instance, with a certificate, and leads to Services that are there. */
export function ingressProblems(objects: Objects): string[] {
  const [ingress] = ofKind(objects, 'Ingress');
  const url = named(objects, 'ConfigMap', 'heliograph')?.data?.['HELIO_PUBLIC_URL'];
  if (!ingress || !url) return ['there is no Ingress, or no HELIO_PUBLIC_URL'];
  const { host } = new URL(url);
  const { rules, tls = [] } = ingress.spec;
  const backends = rules.flatMap(({ http }) => http.paths.map(({ backend }) => backend.service));
  return [
    ...rules.filter((rule) => rule.host !== host).map((rule) => `the ingress is for ${rule.host}, the instance is ${host}`),
    ...(tls.some(({ hosts }) => hosts.includes(host)) ? [] : ['there is no certificate']),
    ...backends.filter(({ name, port }) => !named(objects, 'Service', name)?.spec.ports.some((one) => one.name === port.name)).map(({ name }) => `there is no Service ${name}`),
  ];
}
