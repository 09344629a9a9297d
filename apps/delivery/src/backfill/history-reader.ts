import { type JsonObject, readCollectionPart, readHistoryItem, readIri, type ReadStatus } from '@heliograph/activitypub';
import type { CollectionOutcome } from '@heliograph/actors';

/** What one reading may cost, whatever the other server has in store. */
export interface HistoryLimits {
  /** Documents of the collection, inlined pages included. */
  readonly parts: number;
  readonly items: number;
  /** Items that are listed by their address only, and fetched one by one. */
  readonly links: number;
}

/**
 * Why a reading ended: it was read to its end (`complete`); the rest was known before (`known`); there was more than we take (`limit`);
 * it came back to where it had been (`loop`); it went on on another server (`foreign`); or a document of it could not be had, for good
 * (`refused`) or just now (`unavailable`).
 */
export type HistoryEnd = 'complete' | 'known' | 'limit' | 'loop' | 'foreign' | 'refused' | 'unavailable';

export interface HistoryReading {
  /** The actor's own, each version once, in the order of the collection. */
  readonly statuses: readonly ReadStatus[];
  readonly end: HistoryEnd;
  /** Items of others, or of other servers. */
  readonly foreign: number;
  readonly unreadable: number;
  /** 0 unless `unavailable`. */
  readonly retryAfterSeconds: number;
}

export interface HistorySource {
  /** Fetches a document of the actor's own server. */
  readonly fetch: (url: string) => Promise<CollectionOutcome>;
  /** Whether all of these are known here: then what follows them is, too. */
  readonly allKnown: (statuses: readonly ReadStatus[]) => Promise<boolean>;
  /** Whether anything stands at this id here: then it need not be fetched. */
  readonly isKnown: (statusId: string) => Promise<boolean>;
  /** Whether the time for it is over. */
  readonly isLate: () => boolean;
  readonly limits: HistoryLimits;
}

type Part = string | JsonObject;

/**
 * Reads somebody's `statusHistory`, in whatever shape it comes (see `readCollectionPart`). Only what belongs to the actor and lies on its
 * own server is followed and taken; the work is bounded by `limits` and `isLate`.
 *
 * @param start address of the collection, or the collection itself where the actor document inlines it.
 */
export async function readHistory(actor: string, start: Part, source: HistorySource): Promise<HistoryReading> {
  return new HistoryReader(actor, source).read(start);
}

class HistoryReader {
  readonly #statuses = new Map<string, ReadStatus>();
  readonly #visited = new Set<string>();
  readonly #origin: string;
  #parts = 0;
  #items = 0;
  #links = 0;
  #foreign = 0;
  #unreadable = 0;
  #retryAfterSeconds = 0;

  constructor(
    private readonly actor: string,
    private readonly source: HistorySource,
  ) {
    this.#origin = new URL(actor).origin;
  }

  async read(start: Part): Promise<HistoryReading> {
    const end = await this.#walk(start);
    return { statuses: [...this.#statuses.values()], end, foreign: this.#foreign, unreadable: this.#unreadable, retryAfterSeconds: this.#retryAfterSeconds };
  }

  async #walk(start: Part): Promise<HistoryEnd> {
    const ahead: Part[] = [start];
    for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
      if (this.#parts === this.source.limits.parts || this.#items >= this.source.limits.items || this.source.isLate()) return 'limit';
      this.#parts += 1;
      const json = await this.#open(part);
      if (typeof json === 'string') return json;
      const { items, more } = readCollectionPart(json, this.source.limits.items - this.#items);
      this.#items += items.length;
      const end = await this.#take(items, json);
      if (end) return end;
      ahead.push(...more);
    }
    return 'complete';
  }

  async #open(part: Part): Promise<JsonObject | HistoryEnd> {
    const address = typeof part === 'string' ? part : readIri(part['id']);
    if (address !== null) {
      const url = withoutFragment(address);
      if (this.#visited.has(url)) return 'loop';
      this.#visited.add(url);
    }
    return typeof part === 'string' ? this.#fetch(part) : part;
  }

  async #fetch(address: string): Promise<JsonObject | HistoryEnd> {
    if (new URL(address).origin !== this.#origin) return 'foreign';
    const outcome = await this.source.fetch(withoutFragment(address));
    switch (outcome.kind) {
      case 'document':
        return outcome.json;
      case 'unavailable':
        this.#retryAfterSeconds = outcome.retryAfterSeconds;
        return 'unavailable';
      case 'gone':
      case 'refused':
        return 'refused';
      default:
        return outcome satisfies never;
    }
  }

  /** @returns why to go no further; null: on to the next part. */
  async #take(items: readonly unknown[], part: JsonObject): Promise<HistoryEnd | null> {
    const taken: ReadStatus[] = [];
    for (const item of items) {
      const read = await this.#read(item, part);
      if (typeof read === 'string') return read;
      if (read) taken.push(read);
    }
    for (const status of taken) this.#statuses.set(JSON.stringify([status.statusId, status.published]), status);
    return taken.length > 0 && (await this.source.allKnown(taken)) ? 'known' : null;
  }

  async #read(item: unknown, part: JsonObject, mayLink = true): Promise<ReadStatus | HistoryEnd | null> {
    const read = readHistoryItem(item, this.actor, part);
    switch (read.kind) {
      case 'status':
        return read.status;
      case 'foreign':
        this.#foreign += 1;
        return null;
      case 'unreadable':
        this.#unreadable += 1;
        return null;
      case 'link':
        if (mayLink) return this.#follow(read.id);
        this.#unreadable += 1;
        return null;
      default:
        return read satisfies never;
    }
  }

  /** A status that is gone is a hole in the list and no reason to end. */
  async #follow(id: string): Promise<ReadStatus | HistoryEnd | null> {
    if (await this.source.isKnown(id)) return null;
    if (this.#links === this.source.limits.links || this.source.isLate()) return 'limit';
    this.#links += 1;
    const json = await this.#fetch(id);
    if (json === 'refused') return null;
    return typeof json === 'string' ? json : this.#read(json, json, false);
  }
}

function withoutFragment(iri: string): string {
  const url = new URL(iri);
  url.hash = '';
  return url.href;
}
