import path from 'node:path';
import ts from 'typescript';
import { type KubeObject, nameOf } from './objects.ts';

/** Where the npm packages with the schemas keep this kind. */
const moduleOf = ({ apiVersion, kind }: KubeObject): string =>
  `${apiVersion.startsWith('keda.sh/') ? '@kubernetes-models/keda' : 'kubernetes-models'}/${apiVersion}/${kind}`;

/**
 * What is wrong with these objects by the schemas of Kubernetes and KEDA. The schemas let members pass that they do not know, which is
 * how a misspelt probe goes unnoticed; the types made from them do not, so the objects are also compiled as literals of those types.
 */
export async function schemaProblems(objects: readonly KubeObject[]): Promise<string[]> {
  return [...(await invalid(objects)), ...unknownMembers(objects)];
}

async function invalid(objects: readonly KubeObject[]): Promise<string[]> {
  const problems: string[] = [];
  for (const object of objects) {
    try {
      const models = (await import(moduleOf(object))) as Record<string, new (data: unknown) => { validate(): void }>;
      new models[object.kind]!(object).validate();
    } catch (error) {
      problems.push(`${nameOf(object)}: ${(error as Error).message}`);
    }
  }
  return problems;
}

function unknownMembers(objects: readonly KubeObject[]): string[] {
  const file = path.join(import.meta.dirname, 'objects.generated.mts');
  const source = objects.map((object, i) => `export const o${i}: import('${moduleOf(object)}').I${object.kind} = ${JSON.stringify(object)};`).join('\n');
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? source : readFile(name));
  host.getSourceFile = (name, languageVersion, ...rest) =>
    name === file ? ts.createSourceFile(name, source, languageVersion) : getSourceFile(name, languageVersion, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file: at, start, messageText }) => {
    const object = at && start !== undefined ? objects[at.getLineAndCharacterOfPosition(start).line] : undefined;
    return `${object ? nameOf(object) : 'types'}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
