import { readFileSync } from 'node:fs';

/** Linux's clock tick for /proc, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU seconds that a process has used so far, in user and system mode, all its threads (proc(5), `/proc/PID/stat`). */
export function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the command, which may contain blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
