import { Gather } from '../gather.ts';
import { LeastRecentlyUsed } from '../least-recently-used.ts';
import { countDocument } from '../metrics.ts';
import { SingleFlight } from '../single-flight.ts';
import { DOCUMENT_TTL_MS, type DocumentHead, type DocumentSource, type DocumentVersion, type Found, isSameVersion, isShown, type ReadyDocument, UNKNOWN_TTL_MS, type VersionedDocument } from './document.ts';
import type { RedisDocuments } from './redis-documents.ts';

export interface ActorDocumentsOptions {
  readonly source: DocumentSource;
  /** Null: there is no Redis. */
  readonly shared: RedisDocuments | null;
  /** Milliseconds since the epoch: decides what has expired. */
  readonly now: () => number;
}

/** Memory for ready documents, which take about 2.5 kB each. */
const BOUNDS = { maxEntries: 10_000, maxLength: 16_000_000 };
const OVERHEAD = 500;
/** Rounds in which somebody else may be quicker to claim; after that PostgreSQL is asked without Redis. */
const ROUNDS = 3;
const VERSIONS_AT_ONCE = { maxKeys: 200, maxUnderWay: 2 };

interface Kept extends VersionedDocument {
  /** What Redis says of it; null when it did not come by way of Redis. */
  readonly found: Found | null;
}

/**
 * The documents of local actors, ready to be sent (ADR 0016). The bytes are in this process; whether they are the newest is asked with every
 * request: Redis, or PostgreSQL when there is no Redis or it is away, and many requests in one question. So what was changed is seen
 * here by every request that comes after the change was confirmed to anybody.
 */
export class ActorDocuments {
  readonly #source: DocumentSource;
  readonly #shared: RedisDocuments | null;
  readonly #now: () => number;
  readonly #kept = new LeastRecentlyUsed<Kept>(BOUNDS, (name, { document }) => name.length + document.body.length + OVERHEAD);
  /** Keyed by what each was read under, a claim or a version: nobody joins a reading that began before a change he has heard of. */
  readonly #readings = new SingleFlight<VersionedDocument | null>();
  readonly #versions: Gather<DocumentVersion | null>;

  constructor({ source, shared, now }: ActorDocumentsOptions) {
    this.#source = source;
    this.#shared = shared;
    this.#now = now;
    this.#versions = new Gather<DocumentVersion | null>((names) => source.versions(names), null, VERSIONS_AT_ONCE);
  }

  /** @param name lower-case. Null: nobody ever had it. @throws when PostgreSQL does not answer. */
  async find(name: string): Promise<ReadyDocument | null> {
    const shared = this.#shared && (await this.#findShared(this.#shared, name));
    return shared ? shared.document : this.#findUnshared(name);
  }

  /** Null when Redis cannot say. */
  async #findShared(shared: RedisDocuments, name: string): Promise<{ readonly document: ReadyDocument | null } | null> {
    let text = await shared.find(name);
    for (let round = 0; text !== null && round < ROUNDS; round += 1) {
      const kept = this.#kept.get(name);
      if (kept?.found?.text === text && shared.believes(kept.found.head) && isShown(kept.document, this.#now())) {
        countDocument('redis', 'hit');
        return { document: kept.document };
      }
      const head = text === '' ? null : shared.read(text);
      switch (head?.kind) {
        case 'document': {
          const document = isShown(head, this.#now()) ? await this.#fetchBytes(shared, name, { text, head }) : null;
          if (!document) break;
          countDocument('redis', 'hit');
          return { document };
        }
        case 'unknown':
          countDocument('redis', 'negative');
          return { document: null };
        case 'claim':
          countDocument('redis', 'miss');
          return { document: await this.#readUnder(shared, name, { text, head }) };
      }
      text = await shared.claim(name, text);
    }
    return null;
  }

  async #fetchBytes(shared: RedisDocuments, name: string, found: Found<DocumentHead>): Promise<ReadyDocument | null> {
    const { status, etag, endsAt, version } = found.head;
    const before = this.#kept.get(name)?.document;
    const body = before?.etag === etag ? before.body : await shared.body(name, etag);
    if (!body) return null;
    const document = { status, etag, endsAt, body };
    this.#kept.set(name, { found, version, document });
    return document;
  }

  async #readUnder(shared: RedisDocuments, name: string, claim: Found): Promise<ReadyDocument | null> {
    const made = await this.#readings.run(`${name} ${claim.text}`, async () => {
      const written = await this.#source.write(name);
      // Nobody waits for this: the answer is as good without it.
      void this.#keep(shared, name, claim, written);
      return written;
    });
    return made && made.document;
  }

  async #keep(shared: RedisDocuments, name: string, claim: Found, made: VersionedDocument | null): Promise<void> {
    const shownFor = (made?.document.endsAt ?? Infinity) - this.#now();
    const ttl = Math.min(made ? DOCUMENT_TTL_MS : UNKNOWN_TTL_MS, shownFor);
    const found = ttl >= 1 ? await shared.keep(name, claim, made, ttl) : null;
    if (made) this.#kept.set(name, { ...made, found });
  }

  async #findUnshared(name: string): Promise<ReadyDocument | null> {
    const version = await this.#versions.ask(name);
    if (!version) {
      countDocument('database', 'negative');
      return null;
    }
    const kept = this.#kept.get(name);
    if (kept && isSameVersion(kept.version, version) && isShown(kept.document, this.#now())) {
      countDocument('database', 'hit');
      return kept.document;
    }
    countDocument('database', 'miss');
    const made = await this.#readings.run(`${name} ${version.account}.${version.status}`, async () => {
      const written = await this.#source.write(name);
      if (written) this.#kept.set(name, { ...written, found: null });
      return written;
    });
    return made && made.document;
  }
}
