// Processes seen from outside, through /proc (Linux).
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const MOST_MS = 10_000;

export async function childrenOf(pid) {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Letter of the state, `T` for stopped; null when there is no such process. */
async function stateOf(pid) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /^\d+ \(.*\) (\w)/.exec(text)?.[1] ?? null;
}

export function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Stops a process and its children, the parent first so that no more come, and resolves to their ids when all stand still. */
export async function freeze(parent) {
  const deadline = Date.now() + MOST_MS;
  signal(parent, 'SIGSTOP');
  await untilStopped(parent, deadline);
  const children = await childrenOf(parent);
  for (const child of children) signal(child, 'SIGSTOP');
  for (const child of children) await untilStopped(child, deadline);
  return [parent, ...children];
}

export function thaw(pids) {
  for (const pid of pids.toReversed()) signal(pid, 'SIGCONT');
}

async function untilStopped(pid, deadline) {
  for (let state = await stateOf(pid); state !== null && state !== 'T' && state !== 'Z'; state = await stateOf(pid)) {
    if (Date.now() > deadline) throw new Error(`process ${pid} does not stand still`);
    await sleep(1);
  }
}
