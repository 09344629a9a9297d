import type { StatusRecorded } from '@heliograph/contracts';
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
  readonly #shown = new Map<string, ReadStatus>();
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly scope: StreamScope,
    private readonly reader: StatusReader,
    private readonly directory: ActorDirectory,
    private readonly send: (event: StreamEvent) => void,
    private readonly fail: (error: unknown) => void,
  ) {}

  /** Sends the snapshot. Events that {@link notice} is given meanwhile are told after it. */
  start(): void {
    this.#queue(async () => {
      const actors = await this.scope.actors();
      const [views, rows] = await Promise.all([this.directory.views(actors), this.reader.currentOf(actors, new Date())]);
      for (const [actor, row] of rows) this.#shown.set(actor, row);
      const items = actors.flatMap((iri) => {
        const actor = views.get(iri);
        const row = rows.get(iri);
        return actor ? [{ actor, status: row ? statusView(row) : null }] : [];
      });
      this.send({ event: 'snapshot', data: { items } });
      this.#arm();
    });
  }

  /** Tells the reader what these recorded events have changed. */
  notice(events: readonly StatusRecorded['data'][]): void {
    this.#queue(async () => {
      const wanted = await this.scope.includes([...new Set(events.map(({ actor }) => actor))]);
      const relevant = events.filter(({ actor }) => wanted.has(actor));
      if (relevant.length === 0) return;
      const actors = [...new Set(relevant.map(({ actor }) => actor))];
      const [views, rows] = await Promise.all([this.directory.views(actors), this.reader.currentOf(actors, new Date())]);
      for (const actor of actors) {
        const view = views.get(actor);
        if (view) this.#changed(view, rows.get(actor) ?? null, relevant.filter((event) => event.actor === actor));
        else this.#shown.delete(actor);
      }
      this.#arm();
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #changed(actor: ActorView, now: ReadStatus | null, events: readonly StatusRecorded['data'][]): void {
    const before = this.#shown.get(actor.id) ?? null;
    const deleted = new Set(events.filter(({ kind }) => kind === 'StatusDeleted').map(({ statusId }) => statusId));
    if (now) {
      this.#shown.set(actor.id, now);
      if (before && deleted.has(before.statusId)) this.#tell('deleted', actor, before);
      if (now.eventId !== before?.eventId) this.#tell('published', actor, now);
      return;
    }
    if (!before) return;
    this.#shown.delete(actor.id);
    if (deleted.has(before.statusId)) this.#tell('deleted', actor, before);
    else if (hasEnded(before, Date.now())) this.#tell('expired', actor, { ...before, state: 'expired' });
    else this.#tell('cleared', actor, { ...before, state: 'removed' });
  }

  #tell(event: 'published' | 'cleared' | 'deleted' | 'expired', actor: ActorView, row: ReadStatus): void {
    this.send({ event, data: { actor, status: statusView(row) } });
  }

  /** Sets the timer for the status that ends first. */
  #arm(): void {
    clearTimeout(this.#timer);
    const ends = [...this.#shown.values()].flatMap(({ endTime }) => (endTime ? [Date.parse(endTime)] : []));
    if (ends.length === 0 || this.#closed) return;
    const wait = Math.min(...ends) - Date.now();
    this.#timer = setTimeout(() => this.#queue(() => this.#expire()), Math.min(Math.max(wait, 0), LONGEST_MS));
  }

  async #expire(): Promise<void> {
    const now = Date.now();
    const ended = [...this.#shown].filter(([, row]) => hasEnded(row, now));
    const views = await this.directory.views(ended.map(([actor]) => actor));
    for (const [iri, row] of ended) {
      this.#shown.delete(iri);
      const actor = views.get(iri);
      if (actor) this.#tell('expired', actor, { ...row, state: 'expired' });
    }
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

const hasEnded = ({ endTime }: ReadStatus, now: number): boolean => endTime !== null && Date.parse(endTime) <= now;
