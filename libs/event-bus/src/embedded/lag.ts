import type { TopicDefinition } from '@heliograph/contracts';
import type { GroupLag } from '../port.ts';
import type { Database } from './database.ts';

const LAG = `
  SELECT w.topic, w.consumer_group,
    sum(p.next_offset - from_here.next_offset)::float8 AS messages,
    coalesce(extract(epoch FROM clock_timestamp() - min(oldest.created_at)), 0)::float8 AS seconds
  FROM unnest($1::text[], $2::text[]) AS w (topic, consumer_group)
  JOIN bus.partition p ON p.topic = w.topic
  LEFT JOIN bus.group_offset g ON g.partition_id = p.id AND g.consumer_group = w.consumer_group
  CROSS JOIN LATERAL (SELECT greatest(g.next_offset, p.start_offset) AS next_offset) AS from_here
  LEFT JOIN LATERAL (
    SELECT m.created_at FROM bus.message m
    WHERE p.next_offset > from_here.next_offset AND m.partition_id = p.id AND m."offset" >= from_here.next_offset
    ORDER BY m."offset" LIMIT 1
  ) AS oldest ON true
  GROUP BY w.topic, w.consumer_group`;

/** How far the groups that the definitions name are behind. */
export async function lagOf(database: Database, definitions: readonly TopicDefinition[]): Promise<readonly GroupLag[]> {
  const pairs = definitions.flatMap(({ name, groups }) => groups.map((group) => ({ name, group })));
  const rows = await database.query<{ topic: string; consumer_group: string; messages: number; seconds: number }>(LAG, [
    pairs.map(({ name }) => name),
    pairs.map(({ group }) => group),
  ]);
  return rows.map(({ topic, consumer_group: group, messages, seconds }) => ({ topic, group, messages, seconds: Math.max(0, seconds) }));
}
