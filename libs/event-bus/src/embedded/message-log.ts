import type { Parcel } from '../gather.ts';
import { partitionOf } from '../partitioner.ts';
import type { Position, Read, Source } from '../hand-out/source.ts';
import type { Database } from './database.ts';
import { CHANNEL } from './session.ts';
import type { TopicTable } from './topic-table.ts';

/** A batch takes messages until it has this much; a single message may be larger. */
const BATCH_BYTES = 4_000_000;

/** What a partition holds: offsets from `start` up to, not including, `end`. `committed`: the group's next offset, null if it has none. */
export interface Extent {
  readonly partitionId: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly committed: bigint | null;
}

/**
 * One statement, so that a connection lost at any point leaves all or nothing. Partitions are locked in the order of their ids, which keeps
 * publishers from waiting for each other in a circle; the time is taken once they are locked, so it never goes back within a partition.
 */
const APPEND = `
  WITH locked AS (
    SELECT p.id, a.added FROM bus.partition p JOIN unnest($1::int[], $2::int[]) AS a (id, added) ON a.id = p.id ORDER BY p.id FOR NO KEY UPDATE OF p
  ), moved AS (
    UPDATE bus.partition p SET next_offset = p.next_offset + locked.added FROM locked WHERE p.id = locked.id
    RETURNING p.id, p.next_offset - locked.added AS base, clock_timestamp() AS taken_at
  ), written AS (
    INSERT INTO bus.message (partition_id, "offset", key, value, headers, created_at)
    SELECT moved.id, moved.base + m.place, m.key, m.value, m.headers::json, moved.taken_at
    FROM unnest($3::int[], $4::int[], $5::text[], $6::text[], $7::text[]) AS m (partition_id, place, key, value, headers)
    JOIN moved ON moved.id = m.partition_id
  )
  SELECT pg_notify('${CHANNEL}', 'topic ' || t.name) FROM unnest($8::text[]) AS t (name)`;

/** The partitions that have something come first in the order given, and no more of them than there is room for. */
const READ = `
  WITH ready AS (
    SELECT w.id, w.position, p.next_offset, w.place
    FROM unnest($1::int[], $2::bigint[]) WITH ORDINALITY AS w (id, position, place)
    JOIN bus.partition p ON p.id = w.id
    WHERE p.next_offset <> w.position
    ORDER BY w.place LIMIT $3
  )
  SELECT r.id, r.next_offset, m."offset", m.key, m.value, m.headers, m.created_ms
  FROM ready r LEFT JOIN LATERAL (
    SELECT n."offset", n.key, n.value, n.headers, floor(extract(epoch FROM n.created_at) * 1000)::float8 AS created_ms,
      sum(octet_length(n.value)) OVER (ORDER BY n."offset") - octet_length(n.value) AS bytes_before
    FROM (SELECT * FROM bus.message WHERE partition_id = r.id AND "offset" >= r.position ORDER BY "offset" LIMIT $4) n
  ) m ON m.bytes_before < ${BATCH_BYTES}
  ORDER BY r.place, m."offset"`;

interface ReadRow {
  readonly id: number;
  readonly next_offset: string;
  readonly offset: string | null;
  readonly key: string;
  readonly value: string;
  readonly headers: Record<string, string> | null;
  readonly created_ms: number;
}

/** The messages in PostgreSQL, and how far the groups are. */
export class MessageLog implements Source {
  readonly #database: Database;
  readonly #topics: TopicTable;

  constructor(database: Database, topics: TopicTable) {
    this.#database = database;
    this.#topics = topics;
  }

  /** All or nothing. @throws BusUnavailableError */
  async append(parcels: readonly Parcel[]): Promise<void> {
    const added = new Map<number, number>();
    const rows: [ids: number[], places: number[], keys: string[], values: string[], headers: (string | null)[]] = [[], [], [], [], []];
    for (const { topic, messages } of parcels) {
      const { partitionIds } = await this.#topics.get(topic);
      for (const { key, value, headers } of messages) {
        const id = partitionIds[partitionOf(key, partitionIds.length)]!;
        const place = added.get(id) ?? 0;
        added.set(id, place + 1);
        rows[0].push(id);
        rows[1].push(place);
        rows[2].push(key);
        rows[3].push(value);
        rows[4].push(headers ? JSON.stringify(headers) : null);
      }
    }
    const names = [...new Set(parcels.map(({ topic }) => topic))];
    await this.#database.query(APPEND, [[...added.keys()], [...added.values()], ...rows, names]);
  }


  async read(positions: readonly Position[], room: number, maxBatch: number): Promise<readonly Read[]> {
    const rows = await this.#database.query<ReadRow>(READ, [
      positions.map(({ partitionId }) => partitionId),
      positions.map(({ offset }) => offset.toString()),
      room,
      maxBatch,
    ]);
    return [...Map.groupBy(rows, ({ id }) => id)].map(([partitionId, found]) => ({
      partitionId,
      end: BigInt(found[0]!.next_offset),
      messages: found.flatMap(({ offset, key, value, headers, created_ms: timestamp }) =>
        offset === null ? [] : [{ key, value, headers: headers ?? {}, offset: BigInt(offset), timestamp }],
      ),
    }));
  }

  async extents(partitionIds: readonly number[], group: string | null): Promise<readonly Extent[]> {
    const rows = await this.#database.query<{ id: number; start_offset: string; next_offset: string; committed: string | null }>(
      `SELECT p.id, p.start_offset, p.next_offset, g.next_offset AS committed
       FROM bus.partition p LEFT JOIN bus.group_offset g ON g.partition_id = p.id AND g.consumer_group = $2
       WHERE p.id = ANY ($1) ORDER BY p.id`,
      [partitionIds, group],
    );
    return rows.map(({ id, start_offset, next_offset, committed }) => ({
      partitionId: id,
      start: BigInt(start_offset),
      end: BigInt(next_offset),
      committed: committed === null ? null : BigInt(committed),
    }));
  }

  /** @param next offset of the first message that is not done; an earlier one than is stored changes nothing. */
  async commit(group: string, partitionId: number, next: bigint): Promise<void> {
    await this.#database.query(
      `INSERT INTO bus.group_offset AS g (consumer_group, partition_id, next_offset) VALUES ($1, $2, $3)
       ON CONFLICT (consumer_group, partition_id) DO UPDATE SET next_offset = EXCLUDED.next_offset WHERE g.next_offset < EXCLUDED.next_offset`,
      [group, partitionId, next.toString()],
    );
  }
}
