import type { DataSource, EntityManager } from 'typeorm';

/** How far a consumer group has read a partition, once its batch is applied. */
export interface PartitionPosition {
  readonly topic: string;
  readonly partition: number;
  readonly group: string;
  readonly nextOffset: bigint;
}

/** Writes the position within the transaction that applies the batch. */
export async function saveOffset(manager: EntityManager, { topic, partition, group, nextOffset }: PartitionPosition): Promise<void> {
  await manager.query(
    `INSERT INTO projection_offset (topic, partition, consumer_group, next_offset) VALUES ($1, $2, $3, $4)
     ON CONFLICT (topic, partition, consumer_group) DO UPDATE SET next_offset = EXCLUDED.next_offset`,
    [topic, partition, group, nextOffset.toString()],
  );
}

/**
 * Where `group` goes on in a partition, as of what the tables hold: behind what the bus knows after a restore from a backup.
 * Null: nothing was applied yet.
 */
export async function loadOffset(dataSource: DataSource, topic: string, partition: number, group: string): Promise<bigint | null> {
  const rows: { next_offset: string }[] = await dataSource.query(
    `SELECT next_offset FROM projection_offset WHERE topic = $1 AND partition = $2 AND consumer_group = $3`,
    [topic, partition, group],
  );
  return rows[0] ? BigInt(rows[0].next_offset) : null;
}
