import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

/** PostgreSQL refuses to run as root; then it runs as this user. Undefined: run as ourselves. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

const passwdEntry = (name: string): RunAs | undefined => {
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
};

/** The user that PostgreSQL is to run as: `postgres` (made when missing), else `nobody`; undefined when we are not root. */
export function postgresUser(): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const existing = passwdEntry('postgres');
  if (existing) return existing;
  try {
    execFileSync('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'], { stdio: 'ignore' });
  } catch {
    // No useradd, or a read-only /etc: any other unprivileged user does.
  }
  const user = passwdEntry('postgres') ?? passwdEntry('nobody');
  if (!user) throw new Error('PostgreSQL does not run as root and no user "postgres" or "nobody" exists: create one, run as another user, or set DATABASE_URL');
  return user;
}

const mayEnter = (dir: string, user: RunAs): boolean => {
  const { mode, uid, gid } = statSync(dir);
  if (uid === user.uid) return (mode & 0o100) !== 0;
  if (gid === user.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
};

const reachable = (target: string, user: RunAs): boolean => {
  for (let dir = path.dirname(target); ; dir = path.dirname(dir)) {
    if (existsSync(dir) && !mayEnter(dir, user)) return false;
    if (dir === path.dirname(dir)) return true;
  }
};

/** Where root's PostgreSQL lives when the wanted place is inside a folder that only root may enter. */
const SHARED_HOME = '/var/lib/heliograph';

/** `dir`, or, where `user` could not reach it, a folder of its own for the same data directory under /var/lib/heliograph. */
export function reachableDataDir(dir: string, user: RunAs | undefined): string {
  if (!user || reachable(dir, user)) return dir;
  const moved = path.join(SHARED_HOME, `data-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`);
  mkdirSync(moved, { recursive: true });
  return path.join(moved, path.basename(dir));
}

/** The binaries' folder, or a copy that `user` can reach. */
export function reachableBinaries(nativeDir: string, version: string, user: RunAs | undefined): string {
  if (!user || reachable(path.join(nativeDir, 'bin', 'postgres'), user)) return nativeDir;
  const copy = path.join(SHARED_HOME, `postgresql-${version}`);
  if (existsSync(copy)) return copy;
  mkdirSync(SHARED_HOME, { recursive: true });
  const partial = `${copy}.${process.pid}`;
  cpSync(nativeDir, partial, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(partial, copy);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

/** Makes `dir` and gives it to `user`. */
export function ownedDir(dir: string, user: RunAs | undefined): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (user) chownSync(dir, user.uid, user.gid);
}
