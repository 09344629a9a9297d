import type { StatusEvent } from '@heliograph/status';
import type { DataSource, EntityManager } from 'typeorm';
import { type PartitionPosition, saveOffset } from '../offsets.ts';
import { loadStates, lockActors, preferIndexes, writeCurrent } from './current-table.ts';
import { eraseCovered } from './erasure.ts';
import { addToHistory } from './history-table.ts';
import { appendToLog, eraseFromLog, loadMarks } from './log-table.ts';
import { type ActorChange, type ActorState, dropStillborn, planActor } from './plan.ts';
import { type LogEntry, toLogEntry } from './log-entry.ts';

export interface ActorVersion {
  readonly actor: string;
  /** What caches compare: raised with every change. */
  readonly version: number;
  /** False: everything about this actor in the batch was known before. */
  readonly changed: boolean;
}

export interface Applied {
  /** For each event given, in order: whether the log had it not. Of equal ones in one batch the first is new. */
  readonly isNew: readonly boolean[];
  /** Every actor of the batch, also unchanged ones: a repetition after a crash has to drop the caches again. */
  readonly actors: readonly ActorVersion[];
}

/** Texts that the facts of one batch erase within its transaction: every ordinary history at once, and never a second of work. */
const ERASE_AT_ONCE = 500;

/**
 * Writes status events into the log and folds them into what readers see. A few statements for a batch of any size, in one
 * transaction, whose work depends on the batch and not on how much the log has about its actors; safe to repeat, and to run at the
 * same time as others, on the same actors too.
 */
export class StatusProjection {
  readonly #dataSource: DataSource;
  readonly #eraseAtOnce: number;

  /** @param eraseAtOnce How many texts the Deletes of one batch may erase within its transaction, beside one for each: the rest is for `eraseDue`. */
  constructor(dataSource: DataSource, eraseAtOnce = ERASE_AT_ONCE) {
    this.#dataSource = dataSource;
    this.#eraseAtOnce = eraseAtOnce;
  }

  /**
   * All or nothing, `position` included.
   *
   * @throws Error when PostgreSQL is away, or when an event cannot be written (unreadable instant, text with NUL): nothing is written then.
   */
  async apply(events: readonly StatusEvent[], position?: PartitionPosition): Promise<Applied> {
    const entries = dropStillborn(distinct(events).map(toLogEntry));
    return this.#dataSource.transaction(async (manager) => {
      const { fresh, actors } = entries.length > 0 ? await this.#record(manager, entries) : { fresh: new Set<string>(), actors: [] };
      if (position) await saveOffset(manager, position);
      return { isNew: events.map((event) => fresh.delete(idOf(event))), actors };
    });
  }

  async #record(manager: EntityManager, entries: readonly LogEntry[]): Promise<{ fresh: Set<string>; actors: ActorVersion[] }> {
    const actors = [...new Set(entries.map(({ event }) => event.data.actor))];
    await preferIndexes(manager);
    // From here to the commit nobody else changes these actors, and what is read below is the latest.
    const newActors = await lockActors(manager, actors);
    const fresh = await appendToLog(manager, entries);
    const states = await loadStates(manager, actors, newActors);
    const changes = await this.#plan(manager, entries.filter(({ event }) => fresh.has(idOf(event))), states, newActors);
    if (changes.length > 0) await this.#write(manager, changes);
    const raised = new Map(changes.map(({ state }) => [state.actor, state.version]));
    return {
      fresh,
      actors: [...states.values()].map(({ actor, version }) => ({ actor, version: raised.get(actor) ?? version, changed: raised.has(actor) })),
    };
  }

  async #plan(
    manager: EntityManager,
    news: readonly LogEntry[],
    states: ReadonlyMap<string, ActorState>,
    newActors: ReadonlySet<string>,
  ): Promise<readonly ActorChange[]> {
    const marks = await loadMarks(manager, news, newActors);
    return [...Map.groupBy(news, ({ event }) => event.data.actor)].map(([actor, entries]) => {
      const state = states.get(actor);
      if (!state) throw new Error('an actor that was locked has no row');
      return planActor(state, entries, (statusId) => marks(actor, statusId));
    });
  }

  async #write(manager: EntityManager, changes: readonly ActorChange[]): Promise<void> {
    await writeCurrent(manager, changes);
    await addToHistory(manager, changes);
    await eraseFromLog(manager, changes);
    await eraseCovered(manager, changes, this.#eraseAtOnce);
  }
}

/** Hashed from the actor, among others: unique across actors. */
const idOf = ({ metadata }: StatusEvent): string => metadata.eventId;

/** Of events with one id the first: they are the same fact. */
const distinct = (events: readonly StatusEvent[]): readonly StatusEvent[] => {
  const first = new Map<string, StatusEvent>();
  for (const event of events) if (!first.has(idOf(event))) first.set(idOf(event), event);
  return [...first.values()];
};
