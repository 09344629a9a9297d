import { pathToFileURL } from 'node:url';
import path from 'node:path';

/** Environment of a process whose clock is that far ahead, in milliseconds; negative: behind. */
export const clockAhead = (ms: number): Record<string, string> => ({
  NODE_OPTIONS: `--import=${pathToFileURL(path.join(import.meta.dirname, 'clock-ahead.mjs')).href}?ms=${ms}`,
});
