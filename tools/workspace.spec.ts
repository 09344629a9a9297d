import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { VERSION } from '../apps/gateway/src/version.ts';
import { loadConfig, VARIABLES } from '../libs/platform/src/config.ts';

/** What the documents and the habits of this repository promise, held to what is there. */
const workspace = path.resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(path.join(workspace, file), 'utf8').replaceAll('\r\n', '\n');
const find = (...patterns: string[]): string[] =>
  globSync(patterns, { cwd: workspace, exclude: (name) => ['node_modules', 'dist'].includes(path.basename(name)) })
    .map((file) => file.replaceAll(path.sep, '/'))
    .sort();
const isTest = (file: string): boolean => /\.(?:spec|e2e)\.ts$/.test(file) || file.includes('/fixtures/');
const sources = find('apps/*/src/**/*.ts', 'libs/*/src/**/*.ts').filter((file) => !isTest(file));

describe('docs/configuration.md', () => {
  /** First three cells of each row that begins with a variable, without the code marks. */
  const rows = [...read('docs/configuration.md').matchAll(/^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|/gm)].map(([, name, initial, values]) => ({
    name: name!,
    initial: /^`(.*)`$/.exec(initial!)?.[1],
    values: values!,
  }));
  const ofTheServer = rows.filter(({ name }) => (VARIABLES as readonly string[]).includes(name));

  test('describes every variable that there is, once, and no other', () => {
    const files = find('tools/**/*.mjs', 'bench/**/*.{mjs,ts}', 'e2e/**/*.ts', 'libs/testkit/src/**/*.ts');
    const ofTools = files.flatMap((file) => [...read(file).matchAll(/process\.env(?:\.|\[')(HELIO_\w+|DATABASE_URL)/g)].map(([, name]) => name!));
    expect(ofTools).toContain('HELIO_TEST_DATABASE_URL');
    expect(rows.map(({ name }) => name).sort()).toEqual([...new Set([...VARIABLES, ...ofTools])].sort());
  });

  test('gives the defaults that hold', () => {
    const described = Object.fromEntries(ofTheServer.map(({ name, initial }) => [name, initial]));
    expect(loadConfig(described)).toEqual(loadConfig({}));
    expect(ofTheServer.filter(({ initial }) => initial === undefined).map(({ name }) => name)).toEqual([
      'DATABASE_URL',
      'DATABASE_DIRECT_URL',
      'KAFKA_BROKERS',
      'REDIS_URL',
      'KAFKA_SSL_CA',
      'KAFKA_SASL_MECHANISM',
      'KAFKA_SASL_USERNAME',
      'KAFKA_SASL_PASSWORD',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_SERVICE_NAME',
    ]);
  });

  test.each(ofTheServer)('gives the values that $name takes: $values', ({ name, values }) => {
    const taken = (value: string): boolean => {
      try {
        loadConfig({ [name]: value });
        return true;
      } catch {
        return false;
      }
    };
    const [, min, max] = /^(\d+)–(\d+)/.exec(values) ?? [];
    const words = [...values.matchAll(/`(\w+)`/g)].map(([, word]) => word!);
    if (min !== undefined && max !== undefined) {
      expect([min, max].map(taken)).toEqual([true, true]);
      expect([String(Number(min) - 1), String(Number(max) + 1), 'many'].map(taken)).toEqual([false, false, false]);
    } else if (words.length > 0) {
      expect(words.filter((word) => !taken(word))).toEqual([]);
      expect(taken('something else')).toBe(false);
    } else {
      expect(values).toMatch(/^(?:an|a) /);
    }
  });
});

test('nothing but the configuration and the logger reads the environment', () => {
  const readers = sources.filter((file) => !file.startsWith('libs/testkit/') && /\bprocess\s*(?:\.|\?\.|\[['"])\s*env\b|from 'node:process'/.test(read(file)));
  expect(readers).toEqual(['libs/platform/src/config.ts', 'libs/platform/src/logger.ts']);
});

test('the version that the server tells is that of package.json', () => {
  expect(VERSION).toBe((JSON.parse(read('package.json')) as { version: string }).version);
});

describe('documents', () => {
  const documents = find('{README,FEDERATION,CONTRIBUTING,CHANGELOG}.md', 'docs/**/*.md');

  test.each(documents)('the relative links of %s lead to files', (document) => {
    const prose = read(document).replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
    const targets = [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)].map(([, inline, reference]) => inline ?? reference!);
    const relative = targets.filter((target) => !/^(?:[a-z][a-z0-9+.-]*:|#)/i.test(target));
    const broken = relative.filter((target) => !existsSync(path.join(workspace, path.dirname(document), decodeURI(target.replace(/[#?].*$/s, '')))));
    expect(broken).toEqual([]);
  });

  test('decisions are numbered without gaps, and accepted or superseded', () => {
    const decisions = find('docs/adr/*.md');
    expect(decisions.map((file) => path.basename(file).slice(0, 5))).toEqual(decisions.map((_, i) => `${String(i + 1).padStart(4, '0')}-`));
    expect(decisions.filter((file) => !/^Status: (?:accepted|superseded by \[)/m.test(read(file)))).toEqual([]);
  });
});

describe('no empty rooms', () => {
  const known = [...read('eslint.config.mjs').matchAll(/\bonly\('(type:\w+)'/g)].map(([, tag]) => tag!);
  const projects = find('apps/*', 'libs/*').filter((folder) => statSync(path.join(workspace, folder)).isDirectory());

  test.each(projects)('%s has one tag that the boundaries know, and something in it', (project) => {
    const { nx } = JSON.parse(read(`${project}/package.json`)) as { nx?: { tags?: string[] } };
    expect(nx?.tags).toHaveLength(1);
    expect(known).toContain(nx?.tags?.[0]);
    const own = sources.filter((file) => file.startsWith(`${project}/src/`));
    expect(own.filter((file) => path.basename(file) !== 'index.ts')).not.toEqual([]);
    if (project.startsWith('libs/')) expect(own).toContain(`${project}/src/index.ts`);
  });
});

describe('migrations', () => {
  const SNAPSHOT = 'tools/migrations.sha256.json';
  /** From its `class` line to its closing brace: what is around it, such as the list that names it, may change. */
  const CLASS = /^(?:export )?class (\w+) implements MigrationInterface \{\n.*?^\}/gms;
  const migrations = sources.flatMap((file) => [...read(file).matchAll(CLASS)].map(([text, name]) => ({ file, name: name!, text })));

  test('one that landed never changes', () => {
    const landed = new Map(Object.entries(JSON.parse(read(SNAPSHOT)) as Record<string, string>));
    const problems = migrations.flatMap(({ file, name, text }) => {
      const hash = createHash('sha256').update(text).digest('hex');
      if (!landed.has(name)) return [`${name} (${file}) is new: add "${name}": "${hash}" to ${SNAPSHOT}`];
      return landed.get(name) === hash ? [] : [`${name} (${file}) has changed, but databases have run it: put it back, and make the change in a new migration`];
    });
    const here = new Set(migrations.map(({ name }) => name));
    const gone = [...landed.keys()].filter((name) => !here.has(name)).map((name) => `${name} is gone, but databases have run it: put it back`);
    expect([...problems, ...gone]).toEqual([]);
  });

  test.each(migrations)('$name keeps to the rules of CONTRIBUTING.md', ({ name, text }) => {
    expect(name).toMatch(/^[A-Z]\w*[a-z]\d{13}$/);
    expect(text).toMatch(/async up\((\w+): QueryRunner\)[^{]*\{\s*await \1\.query\([`'"]\s*SET LOCAL lock_timeout = '5s'/);
    expect(text).toContain(`throw new Error('forward only')`);
    // Whatever it does stands in it, where the snapshot sees it.
    const used = [...text.matchAll(/\$\{\s*(\w+)/g)].map(([, constant]) => constant!);
    expect(used.filter((constant) => !text.includes(`const ${constant} = `))).toEqual([]);
  });

  test('each has a time of its own, which puts them in order', () => {
    const times = migrations.map(({ name }) => name.slice(-13));
    expect(new Set(times).size).toBe(times.length);
  });

  test('no other class is a migration', () => {
    const mentioned = sources.flatMap((file) => [...read(file).matchAll(/\bimplements\b[^{]*\bMigrationInterface\b/g)]);
    expect(migrations).toHaveLength(mentioned.length);
  });
});
