import tls from 'node:tls';
import { Agent, request as undiciRequest } from 'undici';
import { guardedConnector } from './connector.ts';
import { peerCertificate } from './fixtures/peer-certificate.ts';
import { listen, resolver, type LoopbackServer } from './fixtures/loopback-server.ts';
import { SafeHttp, type SafeHttpOptions, type SafeRequest } from './index.ts';

let server: LoopbackServer;
let tlsServer: LoopbackServer;
const clients: SafeHttp[] = [];

beforeAll(async () => {
  server = await listen((request, response) => {
    const to = new URL(request.url ?? '', 'http://x').searchParams.get('to');
    if (to) response.writeHead(302, { location: to }).end();
    else response.end('hello');
  });
  tlsServer = await listen((_, response) => response.end('hello over TLS'), { tls: true });
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server[Symbol.asyncDispose]();
  await tlsServer[Symbol.asyncDispose]();
});

function client(options: Partial<SafeHttpOptions> = {}): SafeHttp {
  const made = new SafeHttp({ allowPrivateNetwork: false, userAgent: 'test', ...options });
  clients.push(made);
  return made;
}
const get = (http: SafeHttp, url: string, more: Partial<SafeRequest> = {}) => http.request({ method: 'GET', url, ...more });
const refused = (message: RegExp) => expect.objectContaining({ name: 'SafeHttpError', kind: 'refused', message: expect.stringMatching(message) });

describe('what a URL may say', () => {
  const strict = client();
  const lenient = client({ allowPrivateNetwork: true });

  test.each([
    ['127.0.0.1', /not a public address/],
    ['127.0.0.1.', /not a public address/],
    ['2130706433', /127\.0\.0\.1 is not a public address/],
    ['0x7f000001', /not a public address/],
    ['0177.0.0.1', /not a public address/],
    ['127.1', /not a public address/],
    ['１２７.0.0.1', /not a public address/],
    ['[::1]', /not a public address/],
    ['[::ffff:127.0.0.1]', /not a public address/],
    ['169.254.169.254', /not a public address/],
    ['0.0.0.0', /not a public address/],
    ['10.0.0.1', /not a public address/],
  ])('https://%s is refused before a socket opens', async (host, message) => {
    await expect(get(strict, `https://${host}:${tlsServer.port}/`)).rejects.toEqual(refused(message));
    expect(tlsServer.connections()).toBe(0);
  });

  test('loopback in every spelling is open with allowPrivateNetwork; metadata stays closed', async () => {
    for (const host of ['127.0.0.1', '2130706433', '0x7f.1', 'localhost']) {
      expect((await get(lenient, `http://${host}:${server.port}/`)).body.toString()).toBe('hello');
    }
    await expect(get(lenient, 'http://169.254.169.254/latest/meta-data')).rejects.toEqual(refused(/not a public address/));
  });

  test.each([
    ['http://social.example/', /only https: URLs/],
    ['file:///etc/passwd', /only https: URLs/],
    ['data:,x', /only https: URLs/],
    ['/users/alice', /not an absolute URL/],
    ['https://user:pw@social.example/', /user name or password/],
    ['https://social.example:25/', /port 25/],
  ])('%s is refused', async (url, message) => {
    await expect(get(strict, url)).rejects.toEqual(refused(message));
  });

  test('user names are refused with allowPrivateNetwork too', async () => {
    await expect(get(lenient, `http://user@127.0.0.1:${server.port}/`)).rejects.toEqual(refused(/user name/));
  });
});

describe('what a name may resolve to', () => {
  test.each([['127.0.0.1'], ['::1'], ['::ffff:127.0.0.1'], ['169.254.169.254'], ['64:ff9b::7f00:1']])('%s: refused, and the address is not told', async (address) => {
    const lookup = resolver([address]);
    await expect(get(client({ lookup }), `https://peer.test:${tlsServer.port}/`)).rejects.toEqual(refused(/^peer\.test has an address that is not public$/));
    expect(lookup.queries).toEqual(['peer.test']);
    expect(tlsServer.connections()).toBe(0);
  });

  test('one private address among public ones: refused', async () => {
    await expect(get(client({ lookup: resolver(['8.8.8.8', '127.0.0.1']) }), 'https://peer.test/')).rejects.toEqual(refused(/not public/));
  });

  test('DNS rebinding: a name that was fine once is refused when the next connection finds it elsewhere', async () => {
    const closing = await listen((_, response) => response.setHeader('connection', 'close').end('hello'));
    const lookup = resolver(['127.0.0.1'], ['169.254.169.254']);
    const http = client({ allowPrivateNetwork: true, lookup });
    const url = `http://peer.test:${closing.port}/`;
    expect((await get(http, url)).body.toString()).toBe('hello');
    await expect(get(http, url)).rejects.toEqual(refused(/not public/));
    expect([lookup.queries.length, closing.seen.length]).toEqual([2, 1]);
    await closing[Symbol.asyncDispose]();
  });

  test('a connection that ends elsewhere than was checked is closed before anything is sent', async () => {
    const before = server.seen.length;
    const send = async (answers: boolean[]) => {
      const permits = () => answers.shift() ?? false;
      const agent = new Agent({ connect: guardedConnector({ permits, lookup: resolver(['127.0.0.1']), connectTimeoutMs: 1_000 }) });
      const { body } = await undiciRequest(`http://peer.test:${server.port}/direct`, { dispatcher: agent }).finally(() => void agent.close());
      return body.text();
    };
    await expect(send([true, true])).resolves.toBe('hello');
    await expect(send([true, false])).rejects.toEqual(refused(/not public/));
    expect(server.seen.length).toBe(before + 1);
  });

  test('a name that does not exist is unreachable', async () => {
    await expect(get(client({ lookup: resolver([]) }), 'https://nowhere.test/')).rejects.toMatchObject({ kind: 'unreachable' });
  });
});

describe('redirects', () => {
  const lenient = client({ allowPrivateNetwork: true });
  const to = (...urls: string[]) => urls.reduceRight((next, url) => `${url}?to=${encodeURIComponent(next)}`);

  test('are followed, relative ones too, and the final URL is told', async () => {
    const { body, url } = await get(lenient, to(`${server.origin}/a`, '/b', `${server.origin}/c#part`));
    expect([body.toString(), url]).toEqual(['hello', `${server.origin}/c`]);
  });

  test.each(['http://169.254.169.254/', 'http://user@127.0.0.1/', 'file:///etc/passwd', 'gopher://127.0.0.1:70/'])('each hop is checked again: %s', async (target) => {
    await expect(get(lenient, to(`${server.origin}/a`, target))).rejects.toMatchObject({ kind: 'refused' });
  });

  test('a name that resolves elsewhere after the redirect is checked again', async () => {
    const lookup = resolver(['127.0.0.1'], ['169.254.169.254']);
    const http = client({ allowPrivateNetwork: true, lookup });
    await expect(get(http, to(`http://one.test:${server.port}/a`, `http://two.test:${server.port}/b`))).rejects.toEqual(refused(/^two\.test/));
    expect(lookup.queries).toEqual(['one.test', 'two.test']);
  });

  test('a loop ends', async () => {
    const loop = await listen((_, response) => response.writeHead(301, { location: '/again' }).end());
    await expect(get(lenient, `${loop.origin}/again`)).rejects.toMatchObject({ kind: 'too-many-redirects', message: 'more than 3 redirects' });
    expect(loop.seen).toHaveLength(4);
    await loop[Symbol.asyncDispose]();
  });

  test('nowhere is a bad response', async () => {
    await expect(get(lenient, to(`${server.origin}/a`, 'http://'))).rejects.toMatchObject({ kind: 'bad-response' });
  });

  test('are an answer to a POST, and to a GET that wants none', async () => {
    const url = to(`${server.origin}/a`, '/b');
    expect(await lenient.request({ method: 'POST', url, body: Buffer.from('{}') })).toMatchObject({ status: 302, headers: { location: '/b' } });
    expect(await get(lenient, url, { maxRedirects: 0 })).toMatchObject({ status: 302 });
  });
});

describe('TLS', () => {
  const lookup = resolver(['127.0.0.1']);
  const url = () => `https://peer.test:${tlsServer.port}/`;

  test('a certificate that nobody trusts is refused; the same one is accepted when it is trusted', async () => {
    await expect(get(client({ allowPrivateNetwork: true, lookup }), url())).rejects.toMatchObject({ kind: 'unreachable', message: expect.stringContaining('SELF_SIGNED') });
    const trusted = tls.getCACertificates('default');
    tls.setDefaultCACertificates([...trusted, peerCertificate.cert]);
    try {
      const http = client({ allowPrivateNetwork: true, lookup });
      expect((await get(http, url())).body.toString()).toBe('hello over TLS');
      await expect(get(http, url().replace('peer.test', 'other.test'))).rejects.toMatchObject({ kind: 'unreachable', message: expect.stringContaining('ALTNAME') });
    } finally {
      tls.setDefaultCACertificates(trusted);
    }
  });
});
