import { promises as dns, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface NameResolverOptions {
  /** `address:port` of name servers; default the system's. */
  readonly servers?: readonly string[];
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

interface Answer {
  readonly addresses: readonly LookupAddress[];
  /** Seconds. */
  readonly ttl: number;
}

const QUERY = { timeout: 2_000, tries: 2 };
/** Some name servers drop AAAA queries: what the other query found is not kept waiting longer than this. */
const OTHER_FAMILY_MS = 250;
const MAX_TTL_SECONDS = 60;
const MAX_KEPT = 1_000;
const MAX_ADDRESSES = 16;
const MAX_RESOLVING = 256;

/**
 * Resolves names by asking DNS and nothing else (neither /etc/hosts nor search domains), in c-ares. The system's resolver, `dns.lookup`,
 * runs in libuv's four threads: four names that nobody answers for would hold up all look-ups, and gunzip and password hashing as well.
 */
export class NameResolver {
  readonly #dns = new dns.Resolver(QUERY);
  readonly #resolving = new Map<string, Promise<readonly LookupAddress[]>>();
  /** Oldest first. */
  readonly #kept = new Map<string, { readonly addresses: readonly LookupAddress[]; readonly until: number }>();
  readonly #now: () => number;

  constructor({ servers, now = () => performance.now() }: NameResolverOptions = {}) {
    if (servers) this.#dns.setServers(servers);
    this.#now = now;
  }

  /** As `dns.lookup` with `all`. */
  readonly lookup: LookupFunction = (name, _options, callback) => {
    this.resolve(name).then(
      (addresses) => callback(null, [...addresses]),
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };

  /**
   * The addresses of a name, IPv4 first, at most 16 of each family; known for as long as DNS says, up to a minute.
   * @throws with the `code` of the DNS error; `EBUSY` while too many other names are being resolved
   */
  async resolve(name: string): Promise<readonly LookupAddress[]> {
    const kept = this.#kept.get(name);
    if (kept && kept.until > this.#now()) return kept.addresses;
    const under = this.#resolving.get(name);
    if (under) return under;
    if (this.#resolving.size >= MAX_RESOLVING) throw Object.assign(new Error('too many names are being resolved'), { code: 'EBUSY' });
    const resolving = this.#ask(name).finally(() => this.#resolving.delete(name));
    this.#resolving.set(name, resolving);
    return resolving;
  }

  /** Ends the queries under way: they would keep the process alive. */
  cancel(): void {
    this.#dns.cancel();
  }

  async #ask(name: string): Promise<readonly LookupAddress[]> {
    const answers: Answer[] = [];
    const queries = ([4, 6] as const).map(async (family) => {
      const records = await (family === 4 ? this.#dns.resolve4(name, { ttl: true }) : this.#dns.resolve6(name, { ttl: true }));
      const addresses = records.slice(0, MAX_ADDRESSES).map(({ address }) => ({ address, family }));
      answers.push({ addresses, ttl: Math.min(MAX_TTL_SECONDS, ...records.map(({ ttl }) => ttl)) });
    });
    try {
      await Promise.any(queries);
    } catch (error) {
      throw mostTelling(error);
    }
    await Promise.race([Promise.allSettled(queries), delay(OTHER_FAMILY_MS, undefined, { ref: false })]);
    const addresses = answers.flatMap((answer) => answer.addresses).toSorted((a, b) => a.family - b.family);
    this.#keep(name, addresses, Math.min(...answers.map(({ ttl }) => ttl)));
    return addresses;
  }

  #keep(name: string, addresses: readonly LookupAddress[], ttl: number): void {
    this.#kept.delete(name);
    if (ttl <= 0) return;
    this.#kept.set(name, { addresses, until: this.#now() + ttl * 1_000 });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** Both queries failed: that one found no records says less than any other reason. */
function mostTelling(error: unknown): unknown {
  if (!(error instanceof AggregateError)) return error;
  const errors = error.errors as NodeJS.ErrnoException[];
  return errors.find(({ code }) => code !== 'ENODATA') ?? errors[0];
}
