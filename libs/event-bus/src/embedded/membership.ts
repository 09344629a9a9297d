import { type BusSession, CHANNEL } from './session.ts';

/** A subscription's part in the group of one topic. */
export interface Seat {
  readonly group: string;
  readonly topic: string;
  /** The member's UUID. */
  readonly member: string;
}

/** A session that has not been heard of for so long belongs to a process that is stopped: its locks are taken from it. */
const STALE_SECONDS = 15;

const SAME_SESSION = '(SELECT FROM pg_stat_activity a WHERE a.pid = m.pid AND a.backend_start = m.backend_start)';

const seatKey = (group: string, topic: string): string => `${group}\n${topic}`;

/** Who shares the partitions of a topic, and the locks that say who owns which. All of it lives and dies with the session. */
export class Membership {
  readonly #session: BusSession;
  /** Locks of the session: PostgreSQL lets one session take a lock twice, so two subscriptions of one process are kept apart here. */
  #held = new Set<string>();

  constructor(session: BusSession) {
    this.#session = session;
  }

  async join(seats: readonly Seat[]): Promise<void> {
    await this.#session.query(
      `INSERT INTO bus.member (consumer_group, topic, id, pid, backend_start)
       SELECT s.consumer_group, s.topic, s.id, a.pid, a.backend_start
       FROM unnest($1::text[], $2::text[], $3::uuid[]) AS s (consumer_group, topic, id), pg_stat_activity a WHERE a.pid = pg_backend_pid()
       ON CONFLICT (consumer_group, topic, id) DO UPDATE SET pid = EXCLUDED.pid, backend_start = EXCLUDED.backend_start, seen_at = now()`,
      columns(seats),
    );
    await this.announce(seats);
  }

  async leave(seats: readonly Seat[]): Promise<void> {
    await this.#session.query(
      `DELETE FROM bus.member m USING unnest($1::text[], $2::text[], $3::uuid[]) AS s (consumer_group, topic, id)
       WHERE (m.consumer_group, m.topic, m.id) = (s.consumer_group, s.topic, s.id)`,
      columns(seats),
    );
    await this.announce(seats);
  }

  /** Lets the other members look at once, not at their next turn. */
  async announce(seats: readonly Seat[]): Promise<void> {
    const groups = [...new Set(seats.map(({ group }) => group))];
    await this.#session.query(`SELECT pg_notify('${CHANNEL}', 'members ' || g.name) FROM unnest($1::text[]) AS g (name)`, [groups]);
  }

  /** Says that this session's members live, and buries those whose session ended or stalled. */
  async beat(): Promise<void> {
    const [found] = await this.#session.query<{ dead: boolean }>(
      `WITH beat AS (
         UPDATE bus.member m SET seen_at = now() FROM pg_stat_activity a
         WHERE a.pid = pg_backend_pid() AND m.pid = a.pid AND m.backend_start = a.backend_start
       )
       SELECT EXISTS (
         SELECT FROM bus.member m
         WHERE NOT EXISTS ${SAME_SESSION} OR (m.seen_at < now() - make_interval(secs => ${STALE_SECONDS}) AND m.pid <> pg_backend_pid())
       ) AS dead`,
    );
    if (!found?.dead) return;
    await this.#session.query(
      `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid() AND EXISTS (
         SELECT FROM bus.member m
         WHERE m.pid = a.pid AND m.backend_start = a.backend_start AND m.seen_at < now() - make_interval(secs => ${STALE_SECONDS})
       )`,
    );
    await this.#session.query(`DELETE FROM bus.member m WHERE NOT EXISTS ${SAME_SESSION}`);
  }

  /** Members of each seat's topic and group, oldest first. */
  async members(seats: readonly Seat[]): Promise<(seat: Seat) => readonly string[]> {
    const rows = await this.#session.query<{ consumer_group: string; topic: string; ids: string[] }>(
      `SELECT m.consumer_group, m.topic, array_agg(m.id::text ORDER BY m.joined_at, m.id) AS ids FROM bus.member m
       WHERE (m.consumer_group, m.topic) IN (SELECT * FROM unnest($1::text[], $2::text[])) GROUP BY 1, 2`,
      columns(seats).slice(0, 2),
    );
    const found = new Map(rows.map(({ consumer_group, topic, ids }) => [seatKey(consumer_group, topic), ids]));
    return ({ group, topic }) => found.get(seatKey(group, topic)) ?? [];
  }

  /** Takes the partitions that nobody owns for this group; returns those. */
  async lock(group: string, partitionIds: readonly number[]): Promise<ReadonlySet<number>> {
    const held = this.#held;
    const free = partitionIds.filter((id) => !held.has(lockName(group, id)));
    const taken = new Set<number>();
    for (const id of free) held.add(lockName(group, id));
    try {
      const rows = await this.#session.query<{ id: number; taken: boolean }>(
        'SELECT w.id, pg_try_advisory_lock(hashtextextended(w.name, 0)) AS taken FROM unnest($1::int[], $2::text[]) AS w (id, name)',
        [free, free.map((id) => lockName(group, id))],
      );
      for (const row of rows) if (row.taken) taken.add(row.id);
      return taken;
    } finally {
      for (const id of free) if (!taken.has(id)) held.delete(lockName(group, id));
    }
  }

  async unlock(group: string, partitionIds: readonly number[]): Promise<void> {
    const names = partitionIds.map((id) => lockName(group, id));
    await this.#session.query('SELECT pg_advisory_unlock(hashtextextended(w.name, 0)) FROM unnest($1::text[]) AS w (name)', [names]);
    for (const name of names) this.#held.delete(name);
  }

  /** The session ended, and its locks with it. */
  lost(): void {
    this.#held = new Set();
  }
}

/** Locked by its hash of 64 bits: two names that meet by chance would only keep a partition waiting, and there are few of them. */
const lockName = (group: string, partitionId: number): string => `heliograph event bus, group ${group}, partition ${partitionId}`;

const columns = (seats: readonly Seat[]): [string[], string[], string[]] => [
  seats.map(({ group }) => group),
  seats.map(({ topic }) => topic),
  seats.map(({ member }) => member),
];
