import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { histogram } from '@heliograph/platform';
import { Agent, type Dispatcher } from 'undici';
import { publicAndPrivate, publicOnly } from './addresses.ts';
import { readBody, skimBody } from './body.ts';
import { guardedConnector } from './connector.ts';
import { Deadline } from './deadline.ts';
import { SafeHttpError, toSafeHttpError } from './errors.ts';
import { HostGate } from './host-gate.ts';
import { NameResolver } from './name-resolver.ts';
import { checkUrl, type UrlPolicy } from './url-policy.ts';

export interface SafeHttpOptions {
  /** Permits http, any port, loopback and private addresses: for demo and tests, never on the internet. */
  readonly allowPrivateNetwork: boolean;
  readonly userAgent: string;
  /** Exchanges with one host (name and port) at a time; default 8. */
  readonly maxPerHost?: number;
  /** Requests that may wait for one host; one more is `unreachable` at once. Default 256. */
  readonly maxWaitingPerHost?: number;
  /**
   * Resolves names; what it answers is checked all the same. Default: DNS alone, asked directly; the system's resolver, which knows
   * /etc/hosts too, when private networks are allowed.
   */
  readonly lookup?: LookupFunction;
}

export interface SafeRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Sent on every hop, so nothing secret: what is meant for one host only belongs into `headersFor`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Asked for more headers on every hop, with the URL of that hop: where requests are signed. */
  readonly headersFor?: (url: URL) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  readonly body?: Buffer;
  /** Of the answer's body, as received and decompressed alike; default 1 MiB. */
  readonly maxBytes?: number;
  /**
   * Only the status and the headers matter: nothing about the body makes the exchange fail any more. `body` is then what was received of
   * it, at most `maxBytes`, as received: still compressed, perhaps cut off.
   */
  readonly discardBody?: boolean;
  /** For everything: waiting, DNS, all hops, body. Default 10,000. */
  readonly timeoutMs?: number;
  /** Only for GET, default 3; at 0 a redirect is an answer like others. POST never follows one: a moved inbox shows in its actor's document. */
  readonly maxRedirects?: number;
  readonly signal?: AbortSignal;
}

export interface SafeResponse {
  /** Any: an error status is an answer, not an error here. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  /** Where the answer came from, after redirects; without fragment. */
  readonly url: string;
}

type HopResult = { readonly kind: 'answer'; readonly response: SafeResponse } | { readonly kind: 'redirect'; readonly location: string };

const MAX_HEADER_BYTES = 16_384;
const DEFAULT_MAX_BYTES = 1_048_576;
const CONNECT_TIMEOUT_MS = 10_000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

const seconds = histogram('heliograph_http_client_seconds', 'Outgoing HTTP exchanges, with their redirects, by how they ended.', ['method', 'outcome']);

/**
 * The only way out of this server. URLs come from strangers, so each hop must be https to a public address (checked as it is written,
 * as it resolves, and as it is connected), without user name, on 443 or a port above 1023; time, bytes, redirects and connections are
 * bounded; no cookies, no proxies from the environment.
 */
export class SafeHttp {
  readonly #agent: Agent;
  readonly #gate: HostGate;
  readonly #policy: UrlPolicy;
  readonly #userAgent: string;
  readonly #open = new Set<Promise<unknown>>();
  readonly #names = new NameResolver();

  constructor({ allowPrivateNetwork, userAgent, maxPerHost = 8, maxWaitingPerHost = 256, lookup }: SafeHttpOptions) {
    const resolve = lookup ?? (allowPrivateNetwork ? systemLookup : this.#names.lookup);
    this.#userAgent = userAgent;
    this.#policy = allowPrivateNetwork
      ? { schemes: ['https:', 'http:'], anyPort: true, permits: publicAndPrivate }
      : { schemes: ['https:'], anyPort: false, permits: publicOnly };
    this.#gate = new HostGate(maxPerHost, maxWaitingPerHost);
    this.#agent = new Agent({
      connect: guardedConnector({ permits: this.#policy.permits, lookup: resolve, connectTimeoutMs: CONNECT_TIMEOUT_MS }),
      connections: maxPerHost,
      allowH2: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      // The deadline of the whole exchange stands for these.
      headersTimeout: 0,
      bodyTimeout: 0,
      // A peer may ask us to hold an idle connection, but not for long.
      keepAliveMaxTimeout: 30_000,
    });
  }

  /**
   * Sends one request and reads the whole answer.
   * @throws {SafeHttpError} when there is no answer; the reason of `signal` when that aborts; what `headersFor` throws
   */
  async request(r: SafeRequest): Promise<SafeResponse> {
    const timeoutMs = r.timeoutMs ?? 10_000;
    const deadline = new Deadline(timeoutMs, () => new SafeHttpError('timeout', `no complete answer within ${timeoutMs} ms`), r.signal);
    const end = seconds.startTimer({ method: r.method });
    const exchange = this.#follow(r, deadline);
    this.#open.add(exchange);
    try {
      const response = await exchange;
      end({ outcome: 'answered' });
      return response;
    } catch (error) {
      end({ outcome: error instanceof SafeHttpError ? error.kind : r.signal?.aborted ? 'aborted' : 'error' });
      throw error;
    } finally {
      this.#open.delete(exchange);
      deadline.end();
    }
  }

  /** Waits for what is under way (at most its timeout), then closes all connections; requests after that are `unreachable`. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#open);
    // Not agent.close(): that would also wait for connections that nobody waits for any more.
    await this.#agent.destroy();
    this.#names.cancel();
  }

  async #follow(r: SafeRequest, deadline: Deadline): Promise<SafeResponse> {
    const maxRedirects = r.method === 'GET' ? (r.maxRedirects ?? 3) : 0;
    let target = r.url;
    for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
      const result = await this.#hop(checkUrl(target, this.#policy), r, maxRedirects > 0, deadline);
      if (result.kind === 'answer') return result.response;
      target = result.location;
    }
    throw new SafeHttpError('too-many-redirects', `more than ${maxRedirects} redirects`);
  }

  async #hop(url: URL, r: SafeRequest, follow: boolean, deadline: Deadline): Promise<HopResult> {
    const leave = await this.#gate.enter(url.host, deadline.signal);
    try {
      const own = await deadline.race(Promise.resolve(r.headersFor?.(url)));
      const headers = lowerCase({ 'user-agent': this.#userAgent, ...r.headers }, own ?? {}, { 'accept-encoding': 'gzip' });
      return await this.#exchange(url, r, headers, follow, deadline);
    } finally {
      leave();
    }
  }

  async #exchange(url: URL, r: SafeRequest, headers: Record<string, string>, follow: boolean, deadline: Deadline): Promise<HopResult> {
    const { signal } = deadline;
    try {
      // undici looks at the signal once it has a connection, and never while it waits for DNS: hence the race.
      const answer = await deadline.race(
        this.#agent.request({ origin: url.origin, path: url.pathname + url.search, method: r.method, headers, body: r.body, signal }),
      );
      if (follow && REDIRECTS.has(answer.statusCode) && answer.headers['location'] !== undefined) {
        answer.body.on('error', () => undefined).destroy();
        return { kind: 'redirect', location: locationOf(answer, url) };
      }
      const { statusCode: status, headers: received } = answer;
      if (r.discardBody) {
        const body = await skimBody(answer.body, r.maxBytes ?? DEFAULT_MAX_BYTES);
        r.signal?.throwIfAborted();
        return { kind: 'answer', response: { status, headers: received, body, url: url.href } };
      }
      const encoding = [received['content-encoding'] ?? ''].flat().join(',');
      const body = await deadline.race(readBody(answer.body, received['content-length']?.toString(), encoding, r.maxBytes ?? DEFAULT_MAX_BYTES));
      return { kind: 'answer', response: { status, headers: received, body, url: url.href } };
    } catch (error) {
      throw signal.aborted ? signal.reason : toSafeHttpError(error, url.host);
    }
  }
}

function locationOf({ headers: { location } }: Dispatcher.ResponseData, base: URL): string {
  if (typeof location !== 'string' || !URL.canParse(location, base.href)) throw new SafeHttpError('bad-response', `${base.host} redirects to nowhere`);
  return new URL(location, base).href;
}

/** Later ones win, however their names are written. */
function lowerCase(...sources: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  return Object.fromEntries(sources.flatMap((source) => Object.entries(source)).map(([name, value]) => [name.toLowerCase(), value]));
}
