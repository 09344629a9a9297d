import { actorUrls } from '@heliograph/activitypub';
import type { Engines } from '@heliograph/engines';
import { type Difference, rebuildProjection, verifyProjection, versionsUnder } from '@heliograph/status-store';
import { CommandError } from './command-error.ts';
import { printable } from './printable.ts';
import { duration, ProgressLine } from './progress-line.ts';
import { withEngines } from './with-engines.ts';

/** Builds both tables anew beside the live ones. Ctrl-C stops it between two steps, without harm. */
export const rebuild = (): Promise<void> =>
  withEngines(async (engines) => {
    const { dataSource } = engines;
    const [line, begin] = [new ProgressLine(), performance.now()];
    const outcome = await rebuildProjection(dataSource, { onProgress: line.show, signal: untilStopped() }).finally(() => line.end());
    switch (outcome.kind) {
      case 'rebuilt':
        await tellCaches(engines);
        console.log(`rebuilt from ${outcome.events.toLocaleString('en')} events in ${duration((performance.now() - begin) / 1000)}; writers waited ${Math.ceil(outcome.heldMs)} ms`);
        if (!outcome.tidy) console.error('helio: the replaced tables could not be dropped, since somebody uses the log; the next rebuild drops them');
        return;
      case 'running':
        throw new CommandError('a rebuild is running already', 1);
      case 'obstructed':
        throw new CommandError(`these hang on the tables, and would be lost with the old ones: ${outcome.by.join(', ')}; drop them, and make them again afterwards`, 1);
      case 'in use':
        throw new CommandError('the tables were in use all the time (by a dump, perhaps), so they could not be swapped; nothing is changed', 1);
      case 'stopped':
        throw new CommandError('stopped; nothing is changed', 1);
      default:
        return outcome satisfies never;
    }
  });

/** What Redis has of local actors was made from the old tables. */
async function tellCaches({ config, dataSource, documents }: Engines): Promise<void> {
  if (!documents) return;
  for await (const versions of versionsUnder(dataSource, actorUrls(config.publicUrl, '').id)) await documents.raiseStatuses(versions);
}

/** Prints what differs, row by row, and ends with status 1 if anything does. */
export const verify = ({ limit }: { limit: number }): Promise<void> =>
  withEngines(async ({ dataSource }) => {
    const line = new ProgressLine();
    const signal = untilStopped();
    const { rows, differences, events } = await verifyProjection(dataSource, { onProgress: line.show, signal, limit })
      .catch((error: unknown) => {
        throw signal.aborted ? new CommandError('stopped', 1) : error;
      })
      .finally(() => line.end());
    for (const difference of differences) console.log(printable(describe(difference)));
    if (rows > limit) console.log(`… and ${(rows - limit).toLocaleString('en')} more rows`);
    const read = `${events.toLocaleString('en')} events`;
    if (rows > 0) throw new CommandError(`${rows.toLocaleString('en')} rows differ from what the log says (${read}); "helio projection rebuild" makes them anew`, 1);
    console.log(`the tables are what the log says (${read})`);
  });

const describe = ({ table, actor, version, column, live, rebuilt }: Difference): string =>
  `${table}  ${actor}${version === null ? '' : `  ${version}`}  ${column ?? 'row'}: live ${live ?? 'none'}, rebuilt ${rebuilt ?? 'none'}`;

/** By the first SIGINT or SIGTERM; the second one ends the process at once, which does no harm either. */
function untilStopped(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  return stop.signal;
}
