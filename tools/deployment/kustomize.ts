import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { KubeObject } from './objects.ts';

interface Kustomization {
  readonly resources?: readonly string[];
  readonly patches?: readonly { readonly path: string; readonly target?: { readonly kind?: string; readonly name?: string } }[];
  readonly labels?: readonly { readonly pairs: Record<string, string>; readonly includeTemplates?: boolean }[];
  readonly namespace?: string;
  readonly images?: readonly { readonly name: string; readonly newName: string; readonly newTag: string }[];
}
type JsonPatch = readonly { readonly op: string; readonly path: string; readonly value: unknown }[];

const KNOWN = new Set(['apiVersion', 'kind', 'resources', 'patches', 'labels', 'namespace', 'images']);

/** Every document of a YAML file. @throws Error when it is not YAML, or a key is there twice */
export function documents(file: string): unknown[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as unknown;
  });
}

/**
 * What `kubectl kustomize FOLDER` prints, for as much of kustomize as this repository uses, so that overlays can be checked where there
 * is no kubectl; where there is one, a test holds the two together. @throws Error at anything it does not know
 */
export function render(folder: string): KubeObject[] {
  const k = parse(readFileSync(path.join(folder, 'kustomization.yaml'), 'utf8')) as Kustomization;
  const unknown = Object.keys(k).filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) throw new Error(`${folder}: ${unknown.join()} is not known here`);
  const objects = (k.resources ?? []).flatMap((resource) => {
    const at = path.join(folder, resource);
    return statSync(at).isDirectory() ? render(at) : (documents(at) as KubeObject[]);
  });
  for (const { path: file, target } of k.patches ?? []) {
    for (const patch of documents(path.join(folder, file)) as (KubeObject | JsonPatch)[]) applyPatch(objects, patch, target, file);
  }
  for (const object of objects) {
    for (const { pairs, includeTemplates } of k.labels ?? []) {
      object.metadata.labels = { ...object.metadata.labels, ...pairs };
      const template = includeTemplates ? templateOf(object)?.metadata : undefined;
      if (template) template.labels = { ...template.labels, ...pairs };
    }
    if (k.namespace && object.kind !== 'Namespace') object.metadata.namespace = k.namespace;
    for (const container of templateOf(object)?.spec.containers ?? []) {
      const image = k.images?.find(({ name }) => name === container.image);
      if (image) container.image = `${image.newName}:${image.newTag}`;
    }
  }
  return objects;
}

interface Template {
  readonly metadata: { labels?: Record<string, string> };
  readonly spec: { readonly containers: readonly { image: string }[] };
}
const templateOf = ({ spec }: KubeObject): Template | undefined => (spec as { template?: Template } | undefined)?.template;

function applyPatch(objects: KubeObject[], patch: KubeObject | JsonPatch, target: { kind?: string; name?: string } | undefined, file: string): void {
  const wanted = target ?? { kind: (patch as KubeObject).kind, name: (patch as KubeObject).metadata.name };
  const chosen = objects.filter(({ kind, metadata }) => (wanted.kind ?? kind) === kind && (wanted.name ?? metadata.name) === metadata.name);
  if (chosen.length === 0) throw new Error(`${file}: there is no ${wanted.kind} ${wanted.name ?? ''} to patch`);
  for (const object of chosen) {
    if (isJsonPatch(patch)) for (const operation of patch) applyOperation(object, operation, file);
    else Object.assign(object, merge(object, { ...patch, metadata: { ...patch.metadata, name: object.metadata.name } }, ''));
  }
}

const isJsonPatch = (patch: KubeObject | JsonPatch): patch is JsonPatch => Array.isArray(patch);

type Json = Record<string, unknown>;
const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `add` and `replace` of RFC 6902, of members whose names need no escapes. */
function applyOperation(object: KubeObject, { op, path: pointer, value }: JsonPatch[number], file: string): void {
  const keys = pointer.split('/').slice(1);
  const last = keys.pop()!;
  const parent = keys.reduce<unknown>((at, key) => (at as Json | undefined)?.[key], object);
  if (!isMap(parent) || !['add', 'replace'].includes(op) || (op === 'replace' && !(last in parent))) {
    throw new Error(`${file}: cannot ${op} ${pointer} of ${object.kind} ${object.metadata.name}`);
  }
  parent[last] = structuredClone(value);
}

/** A strategic merge: maps are merged, containers by their names, other lists are replaced. */
function merge(base: unknown, patch: unknown, key: string): unknown {
  if (key === 'containers') return mergeContainers(base as Named[], patch as Named[]);
  if (!isMap(base) || !isMap(patch)) return structuredClone(patch);
  const merged = { ...base };
  for (const [member, value] of Object.entries(patch)) merged[member] = member in base ? merge(base[member], value, member) : structuredClone(value);
  return merged;
}

type Named = Json & { readonly name: string };

function mergeContainers(base: readonly Named[], patch: readonly Named[]): unknown[] {
  const added = patch.find(({ name }) => !base.some((container) => container.name === name));
  if (added) throw new Error(`a patch names a container that is not there: ${added.name}`);
  return base.map((container) => merge(container, patch.find(({ name }) => name === container.name) ?? {}, ''));
}
