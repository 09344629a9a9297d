// The services as processes: started again when they end, as an orchestrator does it.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const root = path.join(import.meta.dirname, '../..');
const RESTART_MS = 500;
const mainOf = (app) => ['--enable-source-maps', path.join(root, 'apps', app, 'dist/main.js')];

/** One process of a service, on a port that stays the same: leases of delivery go by it. */
export class ServiceProcess {
  #env;
  #child = null;
  #wanted = false;
  #exited = Promise.resolve();
  /** How often it ended without being asked to. */
  endedByItself = 0;
  #killOnExit = () => this.#child?.kill('SIGKILL');

  constructor({ app, name, port, env, logs }) {
    this.app = app;
    this.name = name;
    this.port = port;
    this.#env = { ...env, HELIO_PORT: String(port) };
    this.logFile = path.join(logs, `${name}.log`);
    process.once('exit', this.#killOnExit);
  }

  get pid() {
    return this.#child?.pid ?? 0;
  }

  /** From now on it runs, and runs again when it ends. */
  start() {
    this.#wanted = true;
    const log = openSync(this.logFile, 'a');
    const child = spawn(process.execPath, mainOf(this.app), { cwd: root, env: this.#env, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', resolve)).then(async () => {
      if (!this.#wanted) return;
      this.endedByItself += 1;
      await sleep(RESTART_MS);
      if (this.#wanted && this.#child === child) this.start();
    });
  }

  /** Ends it and waits until it is gone; it stays down until `start`. */
  async end(signal) {
    this.#wanted = false;
    const gone = this.#exited;
    this.#child?.kill(signal);
    await gone;
  }

  async ready() {
    const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`, { signal: AbortSignal.timeout(3_000) }).catch(() => null);
    await answer?.body?.cancel();
    return answer?.status === 200;
  }
}

/** Runs `helio` and resolves to what it printed. @throws Error when it fails */
export async function helio(env, ...args) {
  const child = spawn(process.execPath, [...mainOf('cli'), ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`helio ${args.join(' ')} ended with ${code}: ${errors}`);
  return output;
}
