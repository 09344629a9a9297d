import { existsSync } from 'node:fs';
import path from 'node:path';
import { commandProblems, imageProblems, manifest, port, workspace } from './facts.ts';

interface Instruction {
  readonly name: string;
  readonly value: string;
}

/** Instructions with their continuation lines joined; comments left out. */
function instructionsOf(text: string): Instruction[] {
  const lines = text.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n\s*/g, '').split('\n');
  return lines.flatMap((line) => {
    const [, name, value] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    return name ? [{ name, value: value! }] : [];
  });
}

/** What is wrong with the image: it must be exact, small, not root, and let node have the signals. */
export function dockerfileProblems(text: string): string[] {
  const instructions = instructionsOf(text);
  const all = (name: string): string[] => instructions.filter((one) => one.name === name).map(({ value }) => value);
  const args = Object.fromEntries(all('ARG').map((value) => value.split('=') as [string, string]));
  const stages = all('FROM').map((value) => value.replace(/\$\{(\w+)\}/, (_, name: string) => args[name] ?? ''));
  const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
  const ofLast = (name: string): string | undefined => last.findLast((one) => one.name === name)?.value;
  return [
    ...stages.flatMap((value) => imageProblems(value.split(' ')[0]!)),
    ...stages.filter((value) => !value.startsWith(`node:${manifest.dependencies['node']}-`)).map((value) => `${value} is not Node ${manifest.dependencies['node']}`),
    ...all('RUN').filter((value) => /npm (?:install|ci)/.test(value) && !/--omit=dev\b/.test(value)).map(() => 'development packages are installed'),
    ...(/^[1-9]\d*(?::[1-9]\d*)?$/.test(ofLast('USER') ?? '') ? [] : ['it runs as root, or as a user without a number']),
    ...(ofLast('EXPOSE') === String(port) ? [] : [`it does not expose ${port}`]),
    ...commandOf(ofLast('ENTRYPOINT'), ofLast('CMD')),
    ...copied(instructions).filter((source) => !existsSync(path.join(workspace, source))).map((source) => `${source} cannot be copied: it is not there`),
  ];
}

function commandOf(entrypoint: string | undefined, command: string | undefined): string[] {
  try {
    return commandProblems([...(JSON.parse(entrypoint ?? 'null') as string[]), ...(JSON.parse(command ?? 'null') as string[])]);
  } catch {
    return ['ENTRYPOINT and CMD are not both lists: a shell would get the signals'];
  }
}

const copied = (instructions: readonly Instruction[]): string[] =>
  instructions.filter(({ name, value }) => name === 'COPY' && !value.startsWith('--from=')).flatMap(({ value }) => value.split(/\s+/).slice(0, -1));

/** What the Dockerfile copies and .dockerignore keeps from it. */
export function ignoredProblems(dockerfile: string, ignore: string): string[] {
  const lines = ignore.split('\n').filter((line) => line && !line.startsWith('#'));
  if (lines[0] !== '*') return ['.dockerignore does not begin by ignoring everything'];
  const kept = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  return copied(instructionsOf(dockerfile)).filter((source) => !kept.includes(source)).map((source) => `${source} is copied, but ignored`);
}
