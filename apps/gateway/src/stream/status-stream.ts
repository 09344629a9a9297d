import type { StatusRecorded } from '@heliograph/contracts';
import type { Clock } from '@heliograph/engines';
import type { StatusReader, ReadStatus } from '@heliograph/status-store';
import type { ActorDirectory, ActorView } from '../presenters/actor-directory.ts';
import { type StatusView, statusView } from '../presenters/status.view.ts';

/** What a stream tells (names of the server-sent events). */
export type StreamEvent =
  | { readonly event: 'snapshot'; readonly data: { readonly items: readonly { actor: ActorView; status: StatusView | null }[] } }
  | { readonly event: 'published' | 'cleared' | 'deleted' | 'expired'; readonly data: { readonly actor: ActorView; readonly status: StatusView } };

export interface StreamScope {
  /** The actors at the moment the stream begins. */
  readonly actors: () => Promise<readonly string[]>;
  /** Which of these actors the reader may be told of now. */
  readonly includes: (actors: readonly string[]) => Promise<ReadonlySet<string>>;
}

/** A timer cannot wait longer. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * One reader's view of some actors' current statuses, and how it changes. It begins with a snapshot; then each recorded event makes it
 * look at the actor again, so that what is told is always what the tables say, whatever order events arrive in. Expiry comes from a
 * timer, since nothing is sent when a status expires (FEP-82f6, `endTime`).
 */
export class StatusStream {
  /** What the reader was last told is current, by actor. */
  readonly #shown = new Map<string, Shown>();
  /** Recorded since the tables were last looked at. */
  #noticed: StatusRecorded['data'][] = [];
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly scope: StreamScope,
    private readonly reader: StatusReader,
    private readonly directory: ActorDirectory,
    private readonly clock: Clock,
    private readonly send: (event: StreamEvent) => void,
    private readonly fail: (error: unknown) => void,
  ) {}

  /** Sends the snapshot. Events that {@link notice} is given meanwhile are told after it. */
  start(): void {
    this.#queue(async () => {
      const actors = await this.scope.actors();
      const { views, rows } = await this.#look(actors);
      const items = actors.flatMap((iri) => {
        const actor = views.get(iri);
        const row = rows.get(iri) ?? null;
        if (actor && row) this.#shown.set(iri, { actor, row });
        return actor ? [{ actor, status: row && statusView(row) }] : [];
      });
      this.send({ event: 'snapshot', data: { items } });
      this.#arm();
    });
  }

  /** Tells the reader what these recorded events have changed. Those that come while it looks are looked at together. */
  notice(events: readonly StatusRecorded['data'][]): void {
    const waiting = this.#noticed.length > 0;
    this.#noticed.push(...events);
    if (!waiting) this.#queue(() => this.#tellChanges(this.#noticed.splice(0)));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #tellChanges(events: readonly StatusRecorded['data'][]): Promise<void> {
    const wanted = await this.scope.includes([...new Set(events.map(({ actor }) => actor))]);
    if (wanted.size === 0) return;
    const { views, rows } = await this.#look([...wanted]);
    const erased = new Set(events.filter(({ kind }) => kind === 'StatusDeleted').map(({ actor, statusId }) => `${actor} ${statusId}`));
    const gone = new Set(events.filter(({ kind }) => kind === 'ActorDeleted').map(({ actor }) => actor));
    for (const iri of wanted) {
      const before = this.#shown.get(iri);
      const actor = views.get(iri) ?? before?.actor;
      const row = rows.get(iri);
      if (!actor) continue;
      if (before && before.row.eventId !== row?.eventId) this.#end(before, gone.has(iri) || erased.has(`${iri} ${before.row.statusId}`), row !== undefined);
      if (!row) continue;
      this.#shown.set(iri, { actor, row });
      if (row.eventId !== before?.row.eventId) this.#tell('published', { actor, row });
    }
    this.#arm();
  }

  /** What was shown is no longer current. That another took its place is told by the other; a deletion always. */
  #end(shown: Shown, deleted: boolean, replaced: boolean): void {
    this.#shown.delete(shown.actor.id);
    if (deleted) this.#tell('deleted', shown);
    else if (replaced) return;
    else if (hasEnded(shown.row, this.clock.now().getTime())) this.#tell('expired', shown, 'expired');
    else this.#tell('cleared', shown, 'removed');
  }

  async #look(actors: readonly string[]): Promise<{ views: ReadonlyMap<string, ActorView>; rows: ReadonlyMap<string, ReadStatus> }> {
    const [views, rows] = await Promise.all([this.directory.views(actors), this.reader.currentOf(actors, this.clock.now())]);
    return { views, rows };
  }

  #tell(event: 'published' | 'cleared' | 'deleted' | 'expired', { actor, row }: Shown, state = row.state): void {
    this.send({ event, data: { actor, status: statusView({ ...row, state }) } });
  }

  /** Sets the timer for the status that ends first. */
  #arm(): void {
    clearTimeout(this.#timer);
    const ends = [...this.#shown.values()].flatMap(({ row }) => (row.endTime ? [Date.parse(row.endTime)] : []));
    if (ends.length === 0 || this.#closed) return;
    const wait = ends.reduce((first, end) => Math.min(first, end)) - this.clock.now().getTime();
    this.#timer = setTimeout(() => this.#queue(async () => this.#expire()), Math.min(Math.max(wait, 0), LONGEST_MS));
  }

  #expire(): void {
    const now = this.clock.now().getTime();
    for (const shown of [...this.#shown.values()].filter(({ row }) => hasEnded(row, now))) this.#end(shown, false, false);
    this.#arm();
  }

  /** One thing after the other: what is told keeps its order. */
  #queue(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#closed ? undefined : step()))
      .catch((error: unknown) => {
        this.close();
        this.fail(error);
      });
  }
}

interface Shown {
  readonly actor: ActorView;
  readonly row: ReadStatus;
}

const hasEnded = ({ endTime }: ReadStatus, now: number): boolean => endTime !== null && Date.parse(endTime) <= now;
