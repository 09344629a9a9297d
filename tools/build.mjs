// Compiles every project's src (or only those named as arguments) with swc into its dist, skipping what is up to date.
import { transformFile } from '@swc/core';
import { mkdir, readdir, rm, stat, writeFile, copyFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const isTest = (file) => /\.(spec|e2e)\.ts$/.test(file) || file.split(path.sep).includes('fixtures');
const mtime = async (file) => (await stat(file).catch(() => null))?.mtimeMs ?? 0;

const options = {
  swcrc: false,
  sourceMaps: true,
  module: { type: 'nodenext' },
  jsc: {
    target: 'es2024',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
    rewriteRelativeImportExtensions: true,
  },
};

/** Compiles one project; returns the number of files written. */
async function buildProject(project) {
  const src = path.join(project, 'src');
  if (!existsSync(src)) return 0;
  const dist = path.join(project, 'dist');
  const wanted = new Set();
  let written = 0;
  for (const relative of await readdir(src, { recursive: true })) {
    const from = path.join(src, relative);
    if (!(await stat(from)).isFile() || isTest(relative)) continue;
    const to = path.join(dist, relative.replace(/\.ts$/, '.js'));
    wanted.add(to).add(`${to}.map`);
    if ((await mtime(to)) > Math.max(await mtime(from), await mtime(import.meta.filename))) continue;
    await mkdir(path.dirname(to), { recursive: true });
    if (from.endsWith('.ts')) {
      const { code, map } = await transformFile(from, { ...options, sourceFileName: path.relative(path.dirname(to), from) });
      await writeFile(`${to}.map`, map);
      await writeFile(to, `${code}\n//# sourceMappingURL=${path.basename(to)}.map\n`);
    } else {
      await copyFile(from, to);
    }
    written += 1;
  }
  for (const relative of existsSync(dist) ? await readdir(dist, { recursive: true }) : []) {
    const file = path.join(dist, relative);
    if (!wanted.has(file) && (await stat(file).catch(() => null))?.isFile()) await rm(file);
  }
  return written;
}

/** Builds all projects, or those whose folders are given relative to the workspace. */
export async function build(projects = []) {
  if (projects.length === 0) {
    for (const group of ['libs', 'apps']) {
      for (const name of await readdir(path.join(root, group))) projects.push(path.join(group, name));
    }
  }
  const counts = await Promise.all(projects.map((project) => buildProject(path.resolve(root, project))));
  return counts.reduce((sum, count) => sum + count, 0);
}

if (process.argv[1] === import.meta.filename) {
  const files = await build(process.argv.slice(2));
  if (files > 0) console.error(`build: ${files} files compiled`);
}
