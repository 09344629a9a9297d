import { statusHistoryOf, type JsonObject, type ReadStatus } from '@heliograph/activitypub';
import { RemoteActors } from '@heliograph/actors';
import { type Clock, DatabaseClock } from '@heliograph/engines';
import { eventIdOf } from '@heliograph/status';
import { StatusReader } from '@heliograph/status-store';
import { Inject, Injectable } from '@nestjs/common';
import { type HistoryLimits, type HistoryReading, readHistory } from './history-reader.ts';
import { historyRead } from './telemetry.ts';

const LIMITS: HistoryLimits = { parts: 20, items: 1_000, links: 20 };
/** For all documents of one history, in milliseconds; the last one may take its own time on top. */
const TIME_MS = 40_000;

export interface NewHistory {
  readonly reading: HistoryReading;
  /** Those of the reading that the log has not. */
  readonly unknown: readonly ReadStatus[];
}

/** Reads histories of remote actors, as far as they are news. */
@Injectable()
export class Histories {
  constructor(
    @Inject(RemoteActors) private readonly actors: Pick<RemoteActors, 'collection'>,
    @Inject(StatusReader) private readonly statuses: Pick<StatusReader, 'recorded' | 'byId'>,
    @Inject(DatabaseClock) private readonly clock: Clock,
  ) {}

  /**
   * @param onlyNews ends at the first page that is known as a whole: the history was read before.
   * @returns null when the document has no history that can be read.
   */
  async read(actor: string, document: JsonObject, onlyNews: boolean, signal: AbortSignal): Promise<NewHistory | null> {
    const start = statusHistoryOf(document);
    if (start === null) return null;
    const until = performance.now() + TIME_MS;
    const reading = await readHistory(actor, start, {
      fetch: (url) => this.actors.collection(url),
      allKnown: async (statuses) => onlyNews && (await this.#unknown(actor, statuses)).length === 0,
      isKnown: async (statusId) => (await this.statuses.byId(actor, statusId, this.clock.now())).kind !== 'unknown',
      isLate: () => signal.aborted || performance.now() > until,
      limits: LIMITS,
    });
    historyRead(actor, reading);
    return { reading, unknown: await this.#unknown(actor, reading.statuses) };
  }

  async #unknown(actor: string, statuses: readonly ReadStatus[]): Promise<readonly ReadStatus[]> {
    const idOf = ({ statusId, published }: ReadStatus): string => eventIdOf('StatusPublished', { actor, statusId, published });
    const recorded = await this.statuses.recorded(actor, statuses.map(idOf));
    return statuses.filter((status) => !recorded.has(idOf(status)));
  }
}
