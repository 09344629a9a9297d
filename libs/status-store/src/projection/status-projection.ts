import { compareCodePoints, type StatusEvent } from '@heliograph/status';
import type { DataSource, EntityManager } from 'typeorm';
import { type PartitionPosition, saveOffset } from '../offsets.ts';
import { isCollision } from './collision.ts';
import { blankState, lockStates, preferIndexes } from './current-table.ts';
import { eraseCovered } from './erasure.ts';
import { KnownFacts } from './known-facts.ts';
import { type LogEntry, toLogEntry } from './log-entry.ts';
import { type ActorState, planActor } from './plan.ts';
import { type PlannedActor, writeBatch } from './write-batch.ts';

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

/** What a batch says about one actor, in the order of its arrival. */
type ActorEntries = readonly [actor: string, entries: readonly LogEntry[]];

/** Texts that the facts of one batch erase within its transaction: every ordinary history at once, and never a second of work. */
const ERASE_AT_ONCE = 500;
/** Whoever we collided with has ended by the next attempt: only who collides with one after the other needs many. */
const ATTEMPTS = 5;

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
    const byActor: readonly ActorEntries[] = [...Map.groupBy(distinct(events).map(toLogEntry), ({ event }) => event.data.actor)]
      // As the database's collation orders them, so that everybody locks and makes rows in one order.
      .sort(([a], [b]) => compareCodePoints(a, b));
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#dataSource.transaction(async (manager) => {
          const planned = byActor.length > 0 ? await this.#record(manager, byActor, attempt > 1) : [];
          if (position) await saveOffset(manager, position);
          const fresh = new Set(planned.flatMap(({ entries }) => entries.map(({ event }) => idOf(event))));
          return { isNew: events.map((event) => fresh.delete(idOf(event))), actors: planned.map(versionOf) };
        });
      } catch (error) {
        if (attempt === ATTEMPTS || !isCollision(error)) throw error;
      }
    }
  }

  /** @param collided Whether an actor may be known to the log after all who had no row: with one, the log is asked about everybody. */
  async #record(manager: EntityManager, byActor: readonly ActorEntries[], collided: boolean): Promise<readonly PlannedActor[]> {
    await preferIndexes(manager);
    const states = await lockStates(manager, byActor.map(([actor]) => actor));
    const known = await KnownFacts.load(manager, byActor.flatMap(([actor, entries]) => (collided || states.has(actor) ? entries : [])));
    const planned = byActor.map(([actor, entries]) => planFor(actor, states.get(actor), entries, known));
    const changed = planned.filter(({ entries }) => entries.length > 0);
    if (changed.length > 0) {
      await writeBatch(manager, changed);
      await eraseCovered(manager, changed, this.#eraseAtOnce);
    }
    return planned;
  }
}

/** Of `entries` what the log has not, and what follows from it. */
function planFor(actor: string, state: ActorState | undefined, entries: readonly LogEntry[], known: KnownFacts): PlannedActor {
  const fresh = entries.filter((entry) => !known.hasEvent(entry));
  for (const entry of fresh) known.learn(entry);
  const before = state ?? blankState(actor);
  return { before, isNew: state === undefined, entries: fresh, change: planActor(before, fresh, (statusId) => known.marksOf(actor, statusId)) };
}

const versionOf = ({ before, entries, change: { state } }: PlannedActor): ActorVersion =>
  entries.length > 0 ? { actor: state.actor, version: state.version, changed: true } : { actor: before.actor, version: before.version, changed: false };

/** Hashed from the actor, among others: unique across actors. */
const idOf = ({ metadata }: StatusEvent): string => metadata.eventId;

/** Of events with one id the first: they are the same fact. */
const distinct = (events: readonly StatusEvent[]): readonly StatusEvent[] => {
  const first = new Map<string, StatusEvent>();
  for (const event of events) if (!first.has(idOf(event))) first.set(idOf(event), event);
  return [...first.values()];
};
