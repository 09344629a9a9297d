import { In, IsNull, Not, type DataSource, type Repository } from 'typeorm';
import { withoutFragment } from './origin.ts';
import { RemoteActorEntity } from './remote-actor.entity.ts';
import type { RemoteActor } from './remote-actor.ts';

/** What is known of an actor: its newest document, or that it is gone (since `at`, milliseconds since the epoch). */
export type KnownActor = { readonly kind: 'actor'; readonly actor: RemoteActor } | { readonly kind: 'gone'; readonly at: number };

/** An actor as last known, whether or not it is gone by now (since `goneAt`, milliseconds since the epoch). */
export interface LastKnown {
  readonly actor: RemoteActor;
  readonly goneAt: number | null;
}

/**
 * The table `remote_actor`. A row with `gone_at` is of an actor that is gone: with its profile and keys if that is what its server
 * answered, because its signed Delete may be yet to come; without them (`handle` is null then) once it came.
 */
export class ActorTable {
  readonly #rows: Repository<RemoteActorEntity>;

  constructor(dataSource: DataSource) {
    this.#rows = dataSource.getRepository(RemoteActorEntity);
  }

  async find(iri: string): Promise<KnownActor | null> {
    const row = await this.#rows.findOneBy({ iri });
    return row && toKnown(row);
  }

  /** Actors that are not gone, in no order. */
  async findMany(iris: readonly string[]): Promise<readonly RemoteActor[]> {
    const rows = await this.#rows.findBy({ iri: In([...iris]), goneAt: IsNull() });
    return rows.map(toActor);
  }

  /** Of several actors that go by the name, the one heard of last. */
  async findByHandle(handle: string): Promise<RemoteActor | null> {
    const row = await this.#rows.findOne({ where: { handle, goneAt: IsNull() }, order: { fetchedAt: 'DESC' } });
    return row && toActor(row);
  }

  /** The actor that has the key. */
  async findByKey(keyId: string): Promise<RemoteActor | null> {
    const row = await this.#rows
      .createQueryBuilder('actor')
      .where('actor.keys @> :key::jsonb AND actor.gone_at IS NULL', { key: JSON.stringify([{ id: keyId }]) })
      .orderBy('actor.fetched_at', 'DESC')
      .getOne();
    return row && toActor(row);
  }

  /** Who had the key, as last known; the actor whose IRI the key's id begins with before others. */
  async lastKnownByKey(keyId: string): Promise<LastKnown | null> {
    const row = await this.#rows
      .createQueryBuilder('actor')
      .addSelect('actor.iri = :iri', 'namesake')
      .where('actor.keys @> :key::jsonb', { key: JSON.stringify([{ id: keyId }]), iri: withoutFragment(keyId) })
      .orderBy('namesake', 'DESC')
      .addOrderBy('actor.fetched_at', 'DESC')
      .limit(1)
      .getOne();
    return row && { actor: toActor(row), goneAt: row.goneAt?.getTime() ?? null };
  }

  /** Whether there is anything to forget about the actor. */
  heardOf(iri: string): Promise<boolean> {
    return this.#rows.existsBy({ iri, handle: Not(IsNull()) });
  }

  /**
   * Writes what a document said, unless a later one was written before. Keys count by their own age; a handle whose host WebFinger has
   * confirmed stays as long as the name does.
   */
  async upsert(actor: RemoteActor): Promise<void> {
    await this.#rows.query(
      `INSERT INTO remote_actor AS known (iri, type, handle, preferred_username, display_name, url, icon, inbox, shared_inbox, followers,
                                          keys, keys_fetched_at, has_history, shown_status, locked, moved_to, fetched_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
       ON CONFLICT (iri) DO UPDATE SET
         type = excluded.type,
         handle = CASE WHEN split_part(known.handle, '@', 1) = split_part(excluded.handle, '@', 1) THEN known.handle ELSE excluded.handle END,
         preferred_username = excluded.preferred_username, display_name = excluded.display_name, url = excluded.url, icon = excluded.icon,
         inbox = excluded.inbox, shared_inbox = excluded.shared_inbox, followers = excluded.followers,
         keys = CASE WHEN known.keys_fetched_at <= excluded.keys_fetched_at THEN excluded.keys ELSE known.keys END,
         keys_fetched_at = greatest(known.keys_fetched_at, excluded.keys_fetched_at),
         has_history = excluded.has_history, shown_status = known.shown_status OR excluded.shown_status, locked = excluded.locked, moved_to = excluded.moved_to,
         fetched_at = excluded.fetched_at, gone_at = NULL
       WHERE known.fetched_at <= excluded.fetched_at`,
      [
        actor.iri,
        actor.type,
        actor.handle,
        actor.preferredUsername,
        actor.displayName,
        actor.url,
        actor.icon,
        actor.inbox,
        actor.sharedInbox,
        actor.followers,
        JSON.stringify(actor.keys),
        new Date(actor.keysFetchedAt),
        actor.hasHistory,
        actor.shownStatus,
        actor.locked,
        actor.movedTo,
        new Date(actor.fetchedAt),
      ],
    );
  }

  /** WebFinger has confirmed the handle, both ways. */
  async setHandle(iri: string, handle: string): Promise<void> {
    await this.#rows.update({ iri, goneAt: IsNull() }, { handle });
  }

  /** The actor's server answered, to a fetch that began at `at`, that it is gone. False: never heard of, or a later document says otherwise. */
  async setGone(iri: string, at: number): Promise<boolean> {
    const [, changed] = await this.#rows.query<[unknown[], number]>(
      `UPDATE remote_actor SET gone_at = $2, fetched_at = $2 WHERE iri = $1 AND fetched_at <= $2`,
      [iri, new Date(at)],
    );
    return changed > 0;
  }

  /** The actor has said that it is gone: what it said about itself goes too. A document whose fetch began before `at` no longer counts. False: never heard of. */
  async wipe(iri: string, at: number): Promise<boolean> {
    const [, changed] = await this.#rows.query<[unknown[], number]>(
      `UPDATE remote_actor
          SET gone_at = $2, fetched_at = greatest(fetched_at, $2), handle = NULL, preferred_username = NULL, display_name = NULL, url = NULL,
              icon = NULL, followers = NULL, moved_to = NULL, keys = '[]', shown_status = false
        WHERE iri = $1`,
      [iri, new Date(at)],
    );
    return changed > 0;
  }
}

const toKnown = (row: RemoteActorEntity): KnownActor =>
  row.goneAt ? { kind: 'gone', at: row.goneAt.getTime() } : { kind: 'actor', actor: toActor(row) };

function toActor({ goneAt: _, handle, fetchedAt, keysFetchedAt, ...row }: RemoteActorEntity): RemoteActor {
  if (handle === null) throw new Error(`${row.iri} is gone`);
  return { ...row, handle, fetchedAt: fetchedAt.getTime(), keysFetchedAt: keysFetchedAt.getTime(), status: null };
}
