// What starting any engine needs: ports, a process whose output goes to a file, and its end.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const HOST = '127.0.0.1';

/** Listens on a port, 0 for any that is free, only to let go of it again. Rejects when it is taken. */
const tryPort = (port) =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(port, HOST, () => {
      const { port: got } = server.address();
      server.close(() => resolve(got));
    });
  });

export const freePort = () => tryPort(0);

/** @throws Error that says what to do when something listens there. */
export async function assertFree(port) {
  await tryPort(port).catch(() => {
    throw new Error(`port ${port} is in use: stop what listens there, or choose another port`);
  });
}

/** Whether a command can be run, and what it says of its version. */
export function versionOf(command, args) {
  const { error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return error ? null : `${stdout}${stderr}`;
}

/** Sends `request` to a port and resolves to the first bytes of the answer, or to null when there is none within a second. */
export function ask(port, request) {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => end(null));
    socket.on('connect', () => socket.write(request));
    socket.on('data', end);
    socket.on('error', () => end(null));
    socket.on('end', () => end(null));
  });
}

/** A running engine. It keeps this process alive, and ends with it unless that is killed with -9. */
export class EngineProcess {
  #name;
  #logFile;
  #child;
  #ended;
  #failure = null;
  #killOnExit = () => this.#child.kill('SIGKILL');

  /** In a session of its own: Ctrl-C in the terminal reaches its user first, who may have work to finish with it. */
  constructor({ name, command, args, cwd, logFile }) {
    this.#name = name;
    this.#logFile = logFile;
    const output = openSync(logFile, 'a');
    this.#child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', output, output] });
    closeSync(output);
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#failure = error;
        resolve();
      });
      this.#child.once('exit', () => resolve());
    }).then(() => process.removeListener('exit', this.#killOnExit));
    process.once('exit', this.#killOnExit);
  }

  get pid() {
    return this.#child.pid;
  }

  get running() {
    return this.#failure === null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits until `answers()` resolves to true. @throws Error with the last lines of the log when it ends, or takes too long. */
  async untilReady(answers, patienceMs) {
    const deadline = Date.now() + patienceMs;
    while (!(await answers())) {
      if (!this.running) throw new Error(`${this.#name} ended at its start${this.#failure ? `: ${this.#failure.message}` : ''}. ${this.#tail()}`);
      if (Date.now() > deadline) {
        await this.kill();
        throw new Error(`${this.#name} does not answer within ${patienceMs / 1000} s. ${this.#tail()}`);
      }
      await sleep(50);
    }
  }

  /** Asks it to end; kills it when it has not within `patienceMs`. */
  async stop(patienceMs = 20_000) {
    if (!this.running) return;
    this.#child.kill('SIGTERM');
    const patience = new AbortController();
    const late = sleep(patienceMs, 'late', { signal: patience.signal }).catch(() => undefined);
    if ((await Promise.race([this.#ended, late])) === 'late') await this.kill();
    patience.abort();
  }

  /** kill -9. */
  async kill() {
    if (this.running) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #tail() {
    const lines = readFileSync(this.#logFile, 'utf8').trimEnd().split('\n').slice(-15);
    return `Its log is ${this.#logFile}; the last lines:\n${lines.join('\n')}`;
  }
}

/** For the commands: prints where the engine answers (`address` names that property of it), and stops it at Ctrl-C or SIGTERM. */
export async function runUntilSignal(start, address) {
  let engine;
  const end = async () => {
    // Ends what is still starting with it.
    if (!engine) process.exit(130);
    await engine.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end());
  engine = await start();
  console.log(engine[address]);
}
