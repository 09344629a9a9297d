import { ACTIVITY_ACCEPT, isActivityContentType, JRD_JSON, readIri, type JsonObject } from '@heliograph/activitypub';
import { signRequest } from '@heliograph/http-signatures';
import { SafeHttpError, type SafeHttp, type SafeResponse } from '@heliograph/safe-http';
import { countFetch } from './metrics.ts';
import { sameOrigin, withoutFragment } from './origin.ts';
import { refused, type Failure, type Unavailable } from './outcomes.ts';

/**
 * `activity`: an ActivityPub document, whose `id` says where it belongs. `collection`: the same of a collection or one of its pages, which
 * may do without an id. `web-finger`: a JRD (RFC 7033), which has none.
 */
export type DocumentKind = 'activity' | 'collection' | 'web-finger';

export type FetchOutcome =
  | { readonly kind: 'document'; readonly json: JsonObject; readonly url: string; readonly contentType: string; readonly etag: string | null }
  /** Still what had the `etag` that was asked about. */
  | { readonly kind: 'unchanged' }
  /** `permanent`: 410, the other server means it. */
  | { readonly kind: 'gone'; readonly permanent: boolean }
  | Exclude<Failure, { kind: 'gone' }>;

export interface FetchOptions {
  /** For the whole document, also when it is fetched once more under its own id. Default 10,000. */
  readonly timeoutMs?: number;
  /** Of the document as it was fetched before: if that is what it still is, the outcome is `unchanged`. */
  readonly etag?: string | null;
}

export type FetchDocument = (url: string, kind: DocumentKind, options?: FetchOptions) => Promise<FetchOutcome>;

export interface DocumentFetcherOptions {
  readonly http: Pick<SafeHttp, 'request'>;
  /** The instance actor's key: servers in secure mode answer nobody who does not sign. */
  readonly signingKey: () => Promise<{ readonly keyId: string; readonly privateKeyPem: string }>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const ACCEPT: Record<DocumentKind, string> = { activity: ACTIVITY_ACCEPT, collection: ACTIVITY_ACCEPT, 'web-finger': `${JRD_JSON}, application/json` };
const MAX_BYTES: Record<DocumentKind, number> = { activity: 524_288, collection: 524_288, 'web-finger': 65_536 };
/** Longer ones are not worth keeping. */
const MAX_ETAG = 200;
const TIMEOUT_MS = 10_000;
const RETRY_AFTER_DEFAULT = 10;
const RETRY_AFTER_MAX = 3_600;

/**
 * Fetches documents of other servers, signed by the instance actor. An ActivityPub document is taken only from where it belongs: served
 * as one, by the origin that was asked (redirects within it are followed), and under its own id. One that names another id of the same
 * origin (a page's URL, a stub) is fetched once more from there.
 */
export function documentFetcher({ http, signingKey, now = Date.now }: DocumentFetcherOptions): FetchDocument {
  const get = async (url: string, kind: DocumentKind, until: number, etag: string | null): Promise<SafeResponse> => {
    const key = await signingKey();
    return http.request({
      method: 'GET',
      url,
      headers: { accept: ACCEPT[kind], ...(etag !== null && { 'if-none-match': etag }) },
      headersFor: (hop) => signRequest({ method: 'GET', url: hop.href, ...key, date: new Date(now()) }),
      maxBytes: MAX_BYTES[kind],
      timeoutMs: Math.max(1, until - performance.now()),
    });
  };

  /** `until`: milliseconds, monotonic. */
  const fetch = async (url: string, kind: DocumentKind, until: number, etag: string | null, mayMove = true): Promise<FetchOutcome> => {
    let response: SafeResponse;
    try {
      response = await get(url, kind, until, etag);
    } catch (error) {
      if (error instanceof SafeHttpError) return failureOf(error);
      throw error;
    }
    if (response.status === 304 && etag !== null) return { kind: 'unchanged' };
    const read = readResponse(response, kind, now());
    if (read.kind !== 'document' || kind === 'web-finger') return read;
    if (!sameOrigin(url, read.url)) return refused('the document was redirected to another server');
    const id = readIri(read.json['id']);
    if (id === null) return kind === 'collection' ? read : refused('the document has no id');
    if (isAt(id, read.url) || isAt(id, url)) return read;
    if (!sameOrigin(id, read.url)) return refused('the id of the document is on another server');
    return mayMove ? fetch(id, kind, until, null, false) : refused('the document is not found under its own id');
  };

  return async (url, kind, { timeoutMs = TIMEOUT_MS, etag = null } = {}) => {
    const outcome = await fetch(url, kind, performance.now() + timeoutMs, etag);
    countFetch(kind, outcome.kind);
    return outcome;
  };
}

const isAt = (id: string, url: string): boolean => new URL(withoutFragment(id)).href === new URL(withoutFragment(url)).href;

function failureOf(error: SafeHttpError): FetchOutcome {
  switch (error.kind) {
    case 'unreachable':
    case 'timeout':
    case 'bad-response':
      return unavailable(error.message, RETRY_AFTER_DEFAULT);
    case 'refused':
    case 'too-large':
    case 'too-many-redirects':
      return refused(error.message);
    default:
      return error.kind satisfies never;
  }
}

function readResponse({ status, headers, body, url }: SafeResponse, kind: DocumentKind, now: number): FetchOutcome {
  if (status === 404 || status === 410) return { kind: 'gone', permanent: status === 410 };
  if (status >= 500 || status === 408 || status === 425 || status === 429) return unavailable(`the other server answered ${status}`, retryAfter(headers['retry-after'], now));
  if (status < 200 || status > 299) return refused(`the other server answered ${status}`);
  const contentType = [headers['content-type'] ?? ''].flat()[0] ?? '';
  if (!isExpected(contentType, kind)) return refused('the other server sent something else than the document');
  const json = parseObject(body);
  return json === null ? refused('the document is not a JSON object') : { kind: 'document', json, url, contentType, etag: readEtag(headers['etag']) };
}

function isExpected(contentType: string, kind: DocumentKind): boolean {
  if (kind !== 'web-finger') return isActivityContentType(contentType);
  const type = contentType.split(';')[0]?.trim().toLowerCase();
  return type === JRD_JSON || type === 'application/json';
}

/** RFC 9110 section 8.8.3. */
const readEtag = (header: string | readonly string[] | undefined): string | null =>
  typeof header === 'string' && header.length <= MAX_ETAG && /^(?:W\/)?"[\x21\x23-\x7e]*"$/.test(header) ? header : null;

function parseObject(body: Buffer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch {
    return null;
  }
}

const unavailable = (reason: string, retryAfterSeconds: number): Unavailable => ({ kind: 'unavailable', reason, retryAfterSeconds });

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter(header: string | readonly string[] | undefined, now: number): number {
  if (typeof header !== 'string') return RETRY_AFTER_DEFAULT;
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - now) / 1000);
  return Number.isNaN(seconds) ? RETRY_AFTER_DEFAULT : Math.min(Math.max(seconds, 1), RETRY_AFTER_MAX);
}
