import { parseLocalActor } from '@heliograph/activitypub';
import { randomBytes } from 'node:crypto';
import { RESP_TYPES } from 'redis';
import { Gather } from '../gather.ts';
import { countRefused } from '../metrics.ts';
import type { RedisLink } from '../redis-link.ts';
import { formatHead, type Found, type Head, parseHead, type VersionedDocument } from './document.ts';
import { MissedRaises } from './missed-raises.ts';
import { CLAIM, KEEP, RAISE } from './redis-scripts.ts';

const PREFIX = 'heliograph:document:';
const headKey = (name: string): string => PREFIX + name;
const bodyKey = (name: string, etag: string): string => `${PREFIX}${name}:${etag}`;
/** Longest that a claim stands: who takes longer to read keeps nothing. */
const CLAIM_MS = 5_000;
const AT_ONCE = 500;

/** A change that was committed. What it does not name stayed as it was. */
export interface Raise {
  /** Of the local account, lower-case. */
  readonly name: string;
  /** The new versions. */
  readonly account?: number;
  readonly status?: number;
}

/**
 * Local actors' documents in Redis, shared by all gateways (ADR 0016). For each name a head, which is short and asked for with every request,
 * many in one command; and a body, named by its ETag, which never changes.
 *
 * A document is kept only by who put a claim there before he read, and only while that claim stands. Every change takes it away, and so
 * does the loss of all data: a slow reader never puts back what was dropped.
 */
export class RedisDocuments {
  readonly #link: RedisLink;
  readonly #heads: Gather<string | null>;
  readonly #missed = new MissedRaises();
  readonly #publicUrl: string;

  /** @param publicUrl origin of this server. */
  constructor(link: RedisLink, publicUrl: string) {
    this.#link = link;
    this.#publicUrl = publicUrl;
    this.#heads = new Gather((names) => this.#readHeads(names), null, { maxKeys: AT_ONCE, maxUnderWay: 1 });
    link.onFound(() => this.#tellMissed());
  }

  /** What is there, word for word, empty for nothing; null when Redis cannot be asked, or cannot be believed yet. */
  async find(name: string): Promise<string | null> {
    return this.#link.settled ? this.#heads.ask(name) : null;
  }

  /** Null when it comes from another release, or is not to be believed. */
  read(text: string): Head | null {
    const head = parseHead(text);
    return head && this.believes(head) ? head : null;
  }

  /** Not what comes from before this process found Redis: it may not have heard what was changed meanwhile. */
  believes({ claimedAt }: Head): boolean {
    return claimedAt >= this.#link.foundAt;
  }

  /** Null when it is gone, or Redis is away. */
  async body(name: string, etag: string): Promise<Buffer | null> {
    const body = await this.#link.ask('get', (client) => client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).get(bodyKey(name, etag)));
    return body ?? null;
  }

  /** Puts a claim in place of what was found, unless something else is there by now. Resolves to what is there; null when Redis is away. */
  async claim(name: string, found: string): Promise<string | null> {
    const args = [found, randomBytes(9).toString('base64url'), String(CLAIM_MS)];
    return (await this.#link.ask('claim', (client) => client.eval(CLAIM, { keys: [headKey(name)], arguments: args }) as Promise<string>)) ?? null;
  }

  /**
   * Keeps what was made under a claim, for `ttlMs`; `made` is null when nobody has the name. Resolves to the new head; null when it
   * was not kept, because of a change meanwhile or because Redis is away.
   */
  async keep(name: string, claim: Found, made: VersionedDocument | null, ttlMs: number): Promise<Found | null> {
    const text = formatHead(claim.head, made);
    const keys = [headKey(name), ...(made ? [bodyKey(name, made.document.etag)] : [])];
    const args = [claim.text, text, String(Math.floor(ttlMs)), ...(made ? [made.document.body] : [])];
    const kept = await this.#link.ask('keep', (client) => client.eval(KEEP, { keys, arguments: args }) as Promise<number>);
    if (kept === 0) countRefused();
    const head = kept === 1 ? parseHead(text) : null;
    return head && { text, head };
  }

  /**
   * To be called after every change, between its commit and the moment when anybody is told of it. Resolves when no gateway will find what
   * was there before. While Redis is away it resolves at once, and the change is told when Redis answers again.
   */
  async raise(raises: readonly Raise[]): Promise<void> {
    if (raises.length === 0) return;
    await this.#link.contact;
    for (let i = 0; i < raises.length; i += AT_ONCE) {
      const some = raises.slice(i, i + AT_ONCE);
      if (await this.#tell(some)) continue;
      // Redis may only have paused: this is before anything that is sent to it from now on.
      this.#link.leave((client) => client.eval(RAISE, raiseArguments(some)));
      this.#missed.add(some);
    }
  }

  /** `raise` for the local ones among these actors (IRIs), with their statuses' new versions. */
  raiseStatuses(versions: Iterable<{ readonly actor: string; readonly version: number }>): Promise<void> {
    const raises: Raise[] = [];
    for (const { actor, version } of versions) {
      const name = parseLocalActor(this.#publicUrl, actor);
      if (name !== null) raises.push({ name: name.toLowerCase(), status: version });
    }
    return this.raise(raises);
  }

  async #tell(raises: readonly Raise[]): Promise<boolean> {
    return (await this.#link.ask('raise', (client) => client.eval(RAISE, raiseArguments(raises)))) !== undefined;
  }

  async #tellMissed(): Promise<void> {
    const missed = this.#missed.take();
    if (missed === 'too many') {
      if ((await this.#link.dropAll(PREFIX)) === undefined) this.#missed.add(missed);
      return;
    }
    for (let i = 0; i < missed.length; i += AT_ONCE) {
      if (await this.#tell(missed.slice(i, i + AT_ONCE))) continue;
      this.#missed.add(missed.slice(i));
      return;
    }
  }

  async #readHeads(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const heads = await this.#link.ask('mget', (client) => client.mGet(names.map(headKey)));
    return new Map(heads ? names.map((name, i) => [name, heads[i] ?? '']) : []);
  }
}

const raiseArguments = (raises: readonly Raise[]): { keys: string[]; arguments: string[] } => ({
  keys: raises.map(({ name }) => headKey(name)),
  arguments: raises.flatMap(({ account = 0, status = 0 }) => [String(account), String(status)]),
});
