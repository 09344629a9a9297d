import type { Progress } from '@heliograph/status-store';

/** Without a terminal a line is for a log: not more often than that. */
const EVERY_MS = 5_000;
const REDRAW_MS = 100;

const TELLS: Readonly<Record<Progress['stage'], string>> = {
  waiting: 'waiting: the tables are in use by others; tries so far',
  folding: 'reading the log: events',
  indexing: 'making indexes',
  'catching up': 'catching up with what changed meanwhile: actors',
  swapping: 'swapping the tables',
};

/** "1 h 5 min", "3 min 20 s", "8 s". */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** What a stage tells about itself after so many seconds. */
export function describe({ stage, done, total }: Progress, seconds: number): string {
  if (stage === 'swapping') return TELLS[stage];
  const count = `${TELLS[stage]} ${done.toLocaleString('en')}`;
  if (total === null || total === 0) return count;
  const percent = `${count} of ${stage === 'folding' ? 'about ' : ''}${total.toLocaleString('en')} (${Math.floor((100 * done) / total)}%)`;
  return stage === 'folding' && done > 0 && done < total ? `${percent}, ${duration((seconds / done) * (total - done))} left` : percent;
}

/** Tells progress on stderr: on a terminal in one line that changes, else in a line now and then. */
export class ProgressLine {
  readonly #out: NodeJS.WriteStream;
  #stage: Progress['stage'] | null = null;
  #stageBegan = 0;
  #told = Number.NEGATIVE_INFINITY;
  #drawn = false;

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.#out = out;
  }

  readonly show = (progress: Progress): void => {
    const now = performance.now();
    if (progress.stage !== this.#stage) [this.#stage, this.#stageBegan, this.#told] = [progress.stage, now, Number.NEGATIVE_INFINITY];
    const finished = progress.done === progress.total;
    if (!finished && now - this.#told < (this.#out.isTTY ? REDRAW_MS : EVERY_MS)) return;
    this.#told = now;
    const text = describe(progress, (now - this.#stageBegan) / 1000);
    this.#out.write(this.#out.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
    this.#drawn = Boolean(this.#out.isTTY);
  };

  /** What is printed next begins on a line of its own. */
  end(): void {
    if (this.#drawn) this.#out.write('\r\u001b[K');
  }
}
