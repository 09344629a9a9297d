import { setTimeout as sleep } from 'node:timers/promises';
import { counter, createLogger } from '@heliograph/platform';
import { describeError } from '../describe-error.ts';
import type { Database } from './database.ts';
import type { Topic, TopicTable } from './topic-table.ts';

const log = createLogger('event-bus');
const dropped = counter('heliograph_bus_dropped_total', 'Messages that the embedded event bus dropped', ['topic']);

/** Messages looked at and dropped in one statement: it holds no lock for long. */
const CHUNK = 2_000;
const EVERY_MS = 60_000;
/** Commits within this time are swept together. */
const GATHER_MS = 250;

/**
 * Drops the first messages of one partition: those older than retention, and those that all of the `$4` groups have committed. The times
 * of a partition never go back, so what is to go is always its beginning. The partition's row, which publishers wait for, is locked last.
 */
const DROP = `
  WITH bound AS (
    SELECT p.id, p.start_offset, greatest(
      (SELECT max(old."offset") + 1 FROM (
        SELECT m."offset", m.created_at FROM bus.message m
        WHERE m.partition_id = p.id AND m."offset" >= p.start_offset ORDER BY m."offset" LIMIT $3
      ) old WHERE old.created_at < clock_timestamp() - make_interval(secs => $2)),
      (SELECT CASE WHEN count(*) = cardinality($4::text[]) THEN least(min(g.next_offset), p.next_offset, p.start_offset + $3) END
       FROM bus.group_offset g WHERE g.partition_id = p.id AND g.consumer_group = ANY ($4::text[]) HAVING count(*) > 0)
    ) AS upto
    FROM bus.partition p WHERE p.id = $1
  ), gone AS (
    DELETE FROM bus.message m USING bound b
    WHERE m.partition_id = b.id AND m."offset" >= b.start_offset AND m."offset" < b.upto
    RETURNING m."offset"
  )
  UPDATE bus.partition p SET start_offset = greatest(p.start_offset, b.upto)
  FROM bound b, (SELECT count(*)::int AS messages FROM gone) AS n
  WHERE p.id = b.id AND b.upto > b.start_offset
  RETURNING n.messages, b.upto - b.start_offset >= $3 AS more`;

/** Keeps storage bounded: by retention, and for topics with people's words by what the groups still need. */
export class Sweeper {
  readonly #database: Database;
  readonly #topics: TopicTable;
  readonly #stop = new AbortController();
  /** Partitions to sweep soon, with their topics. */
  readonly #due = new Map<number, Topic>();
  #soon: Promise<void> | null = null;
  #periodic: Promise<void> | null = null;

  constructor(database: Database, topics: TopicTable) {
    this.#database = database;
    this.#topics = topics;
  }

  /** Sweeps everything, now and then once a minute. */
  start(): void {
    this.#periodic ??= this.#repeat();
  }

  /** A group has committed: what a topic with text no longer needs is dropped a moment later. */
  committed(topic: Topic, partitionId: number): void {
    if (!topic.definition.carriesText || topic.definition.groups.length === 0 || this.#stop.signal.aborted) return;
    this.#due.set(partitionId, topic);
    this.#soon ??= this.#sweepDue();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#soon, this.#periodic]);
  }

  async #sweepDue(): Promise<void> {
    while (this.#due.size > 0 && !this.#stop.signal.aborted) {
      await this.#pause(GATHER_MS);
      const due = [...this.#due];
      this.#due.clear();
      await this.#round(async () => {
        for (const [partitionId, topic] of due) await this.#sweep(topic, partitionId);
      });
    }
    this.#soon = null;
  }

  async #repeat(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#round(async () => {
        for (const topic of await this.#topics.all()) for (const partitionId of topic.partitionIds) await this.#sweep(topic, partitionId);
      });
      await this.#pause(EVERY_MS);
    }
  }

  async #round(sweep: () => Promise<void>): Promise<void> {
    try {
      await sweep();
    } catch (error) {
      log.warn({ reason: describeError(error) }, 'cannot drop old messages; the next round tries again');
    }
  }

  async #sweep({ definition }: Topic, partitionId: number): Promise<void> {
    const groups = definition.carriesText ? definition.groups : [];
    for (let more = true; more && !this.#stop.signal.aborted; ) {
      const [done] = await this.#database.query<{ messages: number; more: boolean }>(DROP, [partitionId, definition.retentionMs / 1000, CHUNK, groups]);
      if (done) dropped.inc({ topic: definition.name }, done.messages);
      more = done?.more ?? false;
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { ref: false, signal: this.#stop.signal }).catch(() => undefined);
  }
}
