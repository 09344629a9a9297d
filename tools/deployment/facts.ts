import 'reflect-metadata';
import type { Command } from 'commander';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { program } from '../../apps/cli/src/program.ts';
import { TOPICS } from '../../libs/contracts/src/index.ts';
import { collectProcessMetrics, loadConfig, registry, VARIABLES } from '../../libs/platform/src/index.ts';
import { HealthController } from '../../libs/platform/src/http/health.controller.ts';

export const workspace = path.resolve(import.meta.dirname, '../..');
export const read = (file: string): string => readFileSync(path.join(workspace, file), 'utf8');

/** The services that run apart: what a deployment must run. */
export const SERVICES = ['gateway', 'inbox-ingest', 'status-projection', 'delivery'] as const;
/** Environment of programs that are not ours: Node's own. */
const NOT_OURS = ['NODE_ENV', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS'];

export const manifest = JSON.parse(read('package.json')) as { version: string; dependencies: Record<string, string> };
export const port = loadConfig({}).http.port;
export const groupsOfTopics: Readonly<Record<string, readonly string[]>> = Object.fromEntries(Object.values(TOPICS).map(({ name, groups }) => [name, groups]));
export const partitionsOfTopics: Readonly<Record<string, number>> = Object.fromEntries(Object.values(TOPICS).map(({ name, partitions }) => [name, partitions]));
export { TOPICS };

/** One after the other: jest does not link modules of one graph at the same time. */
async function load(files: readonly string[]): Promise<Record<string, unknown>[]> {
  const modules: Record<string, unknown>[] = [];
  for (const file of files) modules.push((await import(path.join(workspace, file))) as Record<string, unknown>);
  return modules;
}

type Handler = abstract new (...args: never[]) => unknown;

/** Paths of a controller, as Nest reads them off its decorators: `/users/:name/inbox`. */
function routesOf(controller: Handler): string[] {
  const paths = (target: object): string[] => [(Reflect.getMetadata('path', target) as string | string[] | undefined) ?? []].flat();
  const names = Object.getOwnPropertyNames(controller.prototype).filter((name) => name !== 'constructor');
  const handlers = names.map((name) => (controller.prototype as Record<string, unknown>)[name]);
  return paths(controller).flatMap((prefix) =>
    handlers.flatMap((handler) => (typeof handler === 'function' ? paths(handler) : [])).map((own) => `/${[prefix, own].map((part) => part.replaceAll(/^\/|\/$/g, '')).filter(Boolean).join('/')}`),
  );
}

/** Every path that a service answers, health and metrics aside. */
export async function routesOfService(service: string): Promise<string[]> {
  const files = globSync(`apps/${service}/src/**/*.controller.ts`, { cwd: workspace });
  const exported = (await load(files)).flatMap((module) => Object.values(module));
  const controllers = exported.filter((value): value is Handler => typeof value === 'function' && Reflect.hasMetadata('path', value));
  return [...new Set(controllers.flatMap(routesOf))];
}

/** `/healthz`, `/readyz`, `/metrics`. */
export const healthRoutes: readonly string[] = routesOf(HealthController);

export interface Metric {
  readonly type: string;
  readonly labels: readonly string[];
}

/** Every metric that the services have, by the name under which it is asked for: a histogram has three. */
export async function metrics(): Promise<ReadonlyMap<string, Metric>> {
  await load([...SERVICES.map((service) => `apps/${service}/src/app.module.ts`), 'libs/engines/src/index.ts']);
  collectProcessMetrics();
  const found = registry.getMetricsAsArray() as unknown as readonly { name: string; type: string; labelNames: readonly string[] }[];
  const named = found.flatMap(({ name, type, labelNames: labels }): [string, Metric][] => {
    if (type !== 'histogram') return [[name, { type, labels }]];
    const part = { type: 'counter', labels };
    return [[`${name}_sum`, part], [`${name}_count`, part], [`${name}_bucket`, { ...part, labels: [...labels, 'le'] }]];
  });
  return new Map([...named, ['up', { type: 'gauge', labels: [] }]]);
}

/** What is wrong with a command line of our image: `node apps/NAME/dist/main.js …`, with a command of `helio` where it is the cli. */
export function commandProblems(command: readonly unknown[]): string[] {
  const [node, entry, ...rest] = command.map(String);
  const app = /^apps\/([\w-]+)\/dist\/main\.js$/.exec(entry ?? '')?.[1];
  if (node !== 'node' || !app) return [`"${command.join(' ')}" is not node apps/NAME/dist/main.js`];
  if (!existsSync(path.join(workspace, `apps/${app}/src/main.ts`))) return [`${entry} is built from nothing: there is no apps/${app}/src/main.ts`];
  if (app !== 'cli') return rest.map((argument) => `${app} takes no argument ${argument}`);
  return helioProblems(program(), rest);
}

function helioProblems(command: Command, args: readonly string[]): string[] {
  const [first, ...rest] = args;
  if (first === undefined) return [];
  if (first.startsWith('-')) {
    const option = first === '--help' ? true : command.options.find(({ long, short }) => long === first || short === first);
    if (!option) return [`helio ${command.name()} has no option ${first}`];
    return helioProblems(command, option !== true && (option.required || option.optional) ? rest.slice(1) : rest);
  }
  const next = command.commands.find((one) => one.name() === first);
  if (next) return helioProblems(next, rest);
  return command.registeredArguments.length > 0 ? [] : [`helio has no command ${args.join(' ')}`];
}

/** What is wrong with the environment of one of our processes: names that nothing reads, and values that the services would refuse. */
export function environmentProblems(env: Readonly<Record<string, string>>): string[] {
  const known: readonly string[] = [...VARIABLES, ...NOT_OURS];
  const unknown = Object.keys(env).filter((name) => !known.includes(name)).map((name) => `${name} is no variable of libs/platform/src/config.ts`);
  try {
    loadConfig(env);
    return unknown;
  } catch (error) {
    return [...unknown, (error as Error).message];
  }
}

/** An image must say exactly which: a name and a full version. */
export const imageProblems = (image: string): string[] => (/^[\w./-]+:v?\d+\.\d+(?:\.\d+)?(?:-[\w.-]+)?(?:@sha256:[0-9a-f]{64})?$/.test(image) ? [] : [`the image ${image} has no exact version`]);

/** An address for each route: `/users/:name/inbox` → `/users/alice/inbox`. */
export const sample = (route: string): string => route.replaceAll(/:\w+/g, 'alice').replaceAll('*', 'x');
