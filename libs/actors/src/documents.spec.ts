import { setTimeout as delay } from 'node:timers/promises';
import { readSignature, verifyRequest } from '@heliograph/http-signatures';
import { SafeHttp } from '@heliograph/safe-http';
import { documentFetcher } from './documents.ts';
import { ACTIVITY, INSTANCE_KEY, PEM, ScriptedServer } from './fixtures/scripted-server.ts';

let server: ScriptedServer;
let other: ScriptedServer;
const http = new SafeHttp({ allowPrivateNetwork: true, userAgent: 'test' });
const fetchDocument = documentFetcher({ http, signingKey: async () => INSTANCE_KEY, now: () => Date.now() });

beforeAll(async () => {
  [server, other] = await Promise.all([ScriptedServer.start(), ScriptedServer.start('localhost')]);
});
afterAll(() => Promise.all([server.stop(), other.stop(), http.close()]));

const get = (path: string) => fetchDocument(`${server.origin}${path}`, 'activity');

describe('an ActivityPub document', () => {
  test('is taken from under its own id', async () => {
    const document = server.person('alice');
    expect(await get('/users/alice')).toEqual({ kind: 'document', json: document, url: document.id, contentType: 'application/activity+json', etag: null });
  });

  test('is not sent again when it is still what had the ETag', async () => {
    const document = server.person('tagged');
    server.at('/users/tagged', ({ headers }) => (headers['if-none-match'] === '"1"' ? { status: 304 } : { headers: { ...ACTIVITY, etag: '"1"' }, body: document }));
    expect(await get('/users/tagged')).toMatchObject({ kind: 'document', etag: '"1"' });
    expect(await fetchDocument(document.id, 'activity', { etag: '"1"' })).toEqual({ kind: 'unchanged' });
    expect(await fetchDocument(document.id, 'activity', { etag: '"0"' })).toMatchObject({ kind: 'document', etag: '"1"' });
    // Nobody asked for a 304.
    server.at('/users/tagged', { status: 304 });
    expect((await get('/users/tagged')).kind).toBe('refused');
  });

  test('has an id, but a page of a collection need not; one that has is at it', async () => {
    server.at('/page', { body: { type: 'OrderedCollectionPage', orderedItems: [] } });
    expect((await get('/page')).kind).toBe('refused');
    expect((await fetchDocument(`${server.origin}/page`, 'collection')).kind).toBe('document');
    server.at('/page', { body: { id: `${other.origin}/page`, orderedItems: [] } });
    expect((await fetchDocument(`${server.origin}/page`, 'collection')).kind).toBe('refused');
    server.at('/page', { headers: { 'content-type': 'text/html' }, body: { orderedItems: [] } });
    expect((await fetchDocument(`${server.origin}/page`, 'collection')).kind).toBe('refused');
  });

  test('is fetched with a signature of the instance actor, on every hop', async () => {
    server.at('/hop', { status: 302, headers: { location: '/users/alice?x=1' } });
    server.at('/users/alice?x=1', { body: { id: `${server.origin}/users/alice?x=1` } });
    const before = server.requests.length;
    expect((await get('/hop')).kind).toBe('document');
    const hops = server.requests.slice(before);
    expect(hops.map(({ url }) => url)).toEqual(['/hop', '/users/alice?x=1']);
    for (const { method = '', url = '', headersDistinct: headers } of hops) {
      const signature = readSignature(headers);
      if (signature.kind !== 'signature') throw new Error(signature.kind);
      expect(signature.value.keyId).toBe(INSTANCE_KEY.keyId);
      const request = { method, path: url, headers, body: null, signature: signature.value, now: new Date(), hosts: [server.host] };
      expect(verifyRequest({ ...request, publicKeyPem: PEM })).toEqual({ kind: 'valid' });
      expect(verifyRequest({ ...request, path: '/elsewhere', publicKeyPem: PEM }).kind).toBe('invalid');
    }
  });

  test.each([
    ['application/activity+json; charset=utf-8', 'document'],
    ['application/ld+json; profile="https://www.w3.org/ns/activitystreams"', 'document'],
    ['application/ld+json', 'refused'],
    ['application/json', 'refused'],
    ['text/html', 'refused'],
    ['application/octet-stream', 'refused'],
  ])('served as %s: %s', async (contentType, kind) => {
    server.at('/typed', { headers: { 'content-type': contentType }, body: { id: `${server.origin}/typed` } });
    expect((await get('/typed')).kind).toBe(kind);
  });

  test.each([
    ['not JSON', '{'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a string', '"x"'],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['deep nesting', '['.repeat(100_000)],
  ])('that is %s is refused', async (_, body) => {
    server.at('/broken', { headers: ACTIVITY, body });
    expect(await get('/broken')).toEqual({ kind: 'refused', reason: 'the document is not a JSON object' });
  });

  test('of more than 512 KiB is refused', async () => {
    const of = (length: number) => server.at('/large', { body: { id: `${server.origin}/large`, filling: 'x'.repeat(length) } });
    of(500_000);
    expect((await get('/large')).kind).toBe('document');
    of(600_000);
    expect((await get('/large')).kind).toBe('refused');
  });

  test('with another id of the same origin is fetched from there, once', async () => {
    const { id } = server.person('bob');
    server.at('/@bob', { body: { id, type: 'Person' } });
    expect(await get('/@bob')).toMatchObject({ kind: 'document', url: id, json: { preferredUsername: 'bob' } });
    server.at('/ping', { body: { id: `${server.origin}/pong` } });
    server.at('/pong', { body: { id: `${server.origin}/ping` } });
    expect((await get('/ping')).kind).toBe('refused');
    expect(server.count('/pong')).toBe(1);
  });

  test.each([
    ['missing', undefined],
    ['a list', ['http://a.test/']],
    ['no URL', 'alice'],
    ['of another scheme', 'data:alice'],
  ])('with an id that is %s is refused', async (_, id) => {
    server.at('/odd', { body: { id } });
    expect(await get('/odd')).toEqual({ kind: 'refused', reason: 'the document has no id' });
  });

  test('with an id of another server is refused, and not fetched from there', async () => {
    const { id } = other.person('carol');
    server.at('/carol', { body: { id, type: 'Person' } });
    expect((await get('/carol')).kind).toBe('refused');
    expect(other.count('/users/carol')).toBe(0);
    expect((await fetchDocument(id, 'activity')).kind).toBe('document');
  });

  test('is not taken from another server after a redirect', async () => {
    const { id } = other.person('dave');
    server.at('/dave', { status: 301, headers: { location: id } });
    expect(await get('/dave')).toEqual({ kind: 'refused', reason: 'the document was redirected to another server' });
    // Not even if that one says what we want to hear.
    other.at('/lie', { body: { id: `${server.origin}/dave2` } });
    server.at('/dave2', { status: 301, headers: { location: `${other.origin}/lie` } });
    expect((await get('/dave2')).kind).toBe('refused');
  });

  test('whose id has a fragment is at the URL without', async () => {
    server.at('/keys', { body: { id: `${server.origin}/keys#one` } });
    expect((await get('/keys#one')).kind).toBe('document');
    expect((await get('/keys')).kind).toBe('document');
  });
});

describe('an answer', () => {
  test.each([
    [404, { kind: 'gone', permanent: false }],
    [410, { kind: 'gone', permanent: true }],
    [401, { kind: 'refused', reason: 'the other server answered 401' }],
    [403, { kind: 'refused', reason: 'the other server answered 403' }],
    [304, { kind: 'refused', reason: 'the other server answered 304' }],
    [500, { kind: 'unavailable', reason: 'the other server answered 500', retryAfterSeconds: 10 }],
    [503, { kind: 'unavailable', reason: 'the other server answered 503', retryAfterSeconds: 10 }],
    [429, { kind: 'unavailable', reason: 'the other server answered 429', retryAfterSeconds: 10 }],
  ])('%i', async (status, outcome) => {
    server.at('/status', { status });
    expect(await get('/status')).toEqual(outcome);
  });

  test.each([
    ['120', 120],
    ['0', 1],
    ['999999', 3600],
    ['soon', 10],
    [new Date(Date.now() + 60_000).toUTCString(), expect.closeTo(60, -1)],
  ])('503 with Retry-After %s', async (header, seconds) => {
    server.at('/later', { status: 503, headers: { 'retry-after': header } });
    expect(await get('/later')).toMatchObject({ kind: 'unavailable', retryAfterSeconds: seconds });
  });

  test('of nobody is unavailable', async () => {
    const gone = await ScriptedServer.start();
    await gone.stop();
    expect(await fetchDocument(`${gone.origin}/x`, 'activity')).toMatchObject({ kind: 'unavailable', retryAfterSeconds: 10 });
  });

  test('that takes longer than it may is unavailable, also when it moves meanwhile', async () => {
    const id = `${server.origin}/late`;
    const after = (milliseconds: number) => async () => {
      await delay(milliseconds);
      return { body: { id } };
    };
    server.at('/moving', after(300));
    server.at('/late', after(300));
    expect((await get('/moving')).kind).toBe('document');
    expect(await fetchDocument(`${server.origin}/moving`, 'activity', { timeoutMs: 450 })).toMatchObject({ kind: 'unavailable', retryAfterSeconds: 10 });
    expect((await fetchDocument(id, 'activity', { timeoutMs: 2_000 })).kind).toBe('document');
  });

  test('that redirects in a circle is refused', async () => {
    server.at('/circle', { status: 302, headers: { location: '/circle' } });
    expect((await get('/circle')).kind).toBe('refused');
  });

  test.each(['ftp://127.0.0.1/x', 'file:///etc/passwd', 'data:application/activity+json,{}', 'nonsense'])('from %s is not asked for', async (url) => {
    expect((await fetchDocument(url, 'activity')).kind).toBe('refused');
  });

  test('from a private address is not asked for on the internet', async () => {
    const strict = new SafeHttp({ allowPrivateNetwork: false, userAgent: 'test' });
    const before = server.requests.length;
    expect((await documentFetcher({ http: strict, signingKey: async () => INSTANCE_KEY })(`${server.origin}/users/alice`, 'activity')).kind).toBe('refused');
    expect(server.requests.length).toBe(before);
    await strict.close();
  });
});

describe('a WebFinger answer', () => {
  test.each([
    ['application/jrd+json', 'document'],
    ['application/json; charset=utf-8', 'document'],
    ['text/html', 'refused'],
  ])('served as %s: %s', async (contentType, kind) => {
    server.at('/wf', { headers: { 'content-type': contentType }, body: { subject: 'acct:a@b' } });
    expect((await fetchDocument(`${server.origin}/wf`, 'web-finger')).kind).toBe(kind);
  });

  test('may come from another server by redirect', async () => {
    other.at('/wf', { headers: { 'content-type': 'application/jrd+json' }, body: { subject: 'acct:a@b' } });
    server.at('/wf-moved', { status: 302, headers: { location: `${other.origin}/wf` } });
    expect((await fetchDocument(`${server.origin}/wf-moved`, 'web-finger')).kind).toBe('document');
  });
});
