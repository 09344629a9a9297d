import type { RequestListener } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { listen, type LoopbackServer } from './fixtures/loopback-server.ts';
import { SafeHttp, SafeHttpError, type SafeRequest } from './index.ts';

const http = new SafeHttp({ allowPrivateNetwork: true, userAgent: 'Heliograph/test' });
const servers: AsyncDisposable[] = [];
const serve = async (handler: RequestListener): Promise<LoopbackServer> => {
  const server = await listen(handler);
  servers.push(server);
  return server;
};
/** Writes these bytes to whoever connects, and says no more. */
const serveRaw = async (answer: string): Promise<string> => {
  const server = createServer((socket) => void socket.on('error', () => undefined).once('data', () => socket.end(answer)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({ [Symbol.asyncDispose]: async () => void server.close() });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
};
const get = (url: string, more: Partial<SafeRequest> = {}) => http.request({ method: 'GET', url, ...more });
const kind = (kind: string) => expect.objectContaining({ name: 'SafeHttpError', kind });

afterAll(async () => {
  await http.close();
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
});

describe('what is sent', () => {
  const echo: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.end(JSON.stringify({ method: request.method, headers: request.headers, body: Buffer.concat(chunks).toString() }));
  };

  test('method, body, our own headers and no others', async () => {
    const { origin } = await serve(echo);
    const answer = await http.request({ method: 'POST', url: `${origin}/inbox`, headers: { 'Content-Type': 'application/json' }, body: Buffer.from('{"a":1}') });
    expect(JSON.parse(answer.body.toString())).toEqual({
      method: 'POST',
      body: '{"a":1}',
      headers: {
        host: new URL(origin).host,
        connection: 'keep-alive',
        'user-agent': 'Heliograph/test',
        'accept-encoding': 'gzip',
        'content-type': 'application/json',
        'content-length': '7',
      },
    });
  });

  test('headersFor speaks for every hop, and over headers', async () => {
    const target = await serve(echo);
    const start = await serve((_, response) => response.writeHead(302, { location: `${target.origin}/end` }).end());
    const asked: string[] = [];
    const headersFor = async (url: URL) => {
      asked.push(url.href);
      return { Host: url.host, Signature: `for ${url.pathname}`, Accept: 'b' };
    };
    const { body } = await get(`${start.origin}/start`, { headers: { accept: 'a' }, headersFor });
    expect(asked).toEqual([`${start.origin}/start`, `${target.origin}/end`]);
    expect(JSON.parse(body.toString()).headers).toMatchObject({ host: new URL(target.origin).host, signature: 'for /end', accept: 'b' });
  });

  test('what headersFor throws comes out as it is', async () => {
    const { origin, seen } = await serve(echo);
    const headersFor = () => Promise.reject(new Error('no key'));
    await expect(get(origin, { headersFor })).rejects.toThrow('no key');
    expect(seen).toEqual([]);
  });

  test('cookies do not come back', async () => {
    const { origin } = await serve((request, response) => response.setHeader('set-cookie', 'id=1').end(request.headers.cookie ?? 'none'));
    await get(origin);
    expect((await get(origin)).body.toString()).toBe('none');
  });

  test('connections are used again', async () => {
    const server = await serve((_, response) => response.end('ok'));
    for (let i = 0; i < 20; i += 1) expect((await get(server.origin)).status).toBe(200);
    // Two, since the next request may come a moment before the last connection is free again.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });
});

describe('time', () => {
  const limit = { timeoutMs: 200 };

  test('an answer that never begins, or never ends', async () => {
    const { origin } = await serve((request, response) => {
      if (request.url === '/quick') return response.end('quick');
      if (request.url === '/slow-body') response.write('x');
      return undefined;
    });
    expect((await get(`${origin}/quick`, limit)).body.toString()).toBe('quick');
    await expect(get(`${origin}/no-headers`, limit)).rejects.toEqual(kind('timeout'));
    await expect(get(`${origin}/slow-body`, limit)).rejects.toEqual(kind('timeout'));
  });

  test('a body that trickles, with every byte in time but not the whole', async () => {
    const { origin } = await serve((_, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    await expect(get(origin, limit)).rejects.toEqual(kind('timeout'));
  });

  test('DNS that never answers, and headersFor that never does', async () => {
    const deaf = new SafeHttp({ allowPrivateNetwork: false, userAgent: 'test', lookup: () => undefined });
    await expect(deaf.request({ method: 'GET', url: 'https://peer.test/', ...limit })).rejects.toEqual(kind('timeout'));
    await deaf.close();
    const { origin } = await serve((_, response) => response.end());
    await expect(get(origin, { ...limit, headersFor: () => new Promise(() => undefined) })).rejects.toEqual(kind('timeout'));
  });

  test('the caller may give up, and gets its own reason', async () => {
    const { origin } = await serve(() => undefined);
    const controller = new AbortController();
    const answer = get(origin, { signal: controller.signal });
    controller.abort(new Error('shutting down'));
    await expect(answer).rejects.toThrow('shutting down');
    await expect(get(origin, { signal: controller.signal })).rejects.toThrow('shutting down');
  });
});

describe('bytes', () => {
  const kilobyte = 'x'.repeat(1_024);
  const answers: Record<string, RequestListener> = {
    '/plain': (_, response) => response.end(kilobyte),
    '/chunks': (_, response) => {
      for (const byte of kilobyte) response.write(byte);
      response.end();
    },
    '/gzip': (_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(kilobyte)),
    '/empty-gzip': (_, response) => response.setHeader('content-encoding', 'gzip').end(),
  };

  test.each(Object.keys(answers))('%s is read when it fits and too large by one byte less', async (path) => {
    const { origin } = await serve(answers[path]!);
    const expected = path === '/empty-gzip' ? '' : kilobyte;
    expect((await get(origin, { maxBytes: 1_024 })).body.toString()).toBe(expected);
    if (expected) await expect(get(origin, { maxBytes: 1_023 })).rejects.toEqual(kind('too-large'));
  });

  test('a gzip bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1_048_576));
    expect(bomb.length).toBeLessThan(1_048_576);
    const { origin } = await serve((_, response) => response.setHeader('content-encoding', 'gzip').end(bomb));
    await expect(get(origin)).rejects.toEqual(kind('too-large'));
  });

  test('a body without end is cut off', async () => {
    let closed: () => void;
    const cut = new Promise<void>((resolve) => (closed = resolve));
    const { origin } = await serve((_, response) => {
      const more = () => void (response.destroyed || response.write(Buffer.alloc(65_536), more));
      response.on('close', () => closed());
      more();
    });
    await expect(get(origin)).rejects.toEqual(kind('too-large'));
    await cut;
  });

  test('headers without end', async () => {
    const { origin } = await serve((request, response) => response.setHeader('x-long', 'x'.repeat(request.url === '/fits' ? 8_000 : 20_000)).end());
    expect((await get(`${origin}/fits`)).status).toBe(200);
    await expect(get(origin)).rejects.toEqual(kind('too-large'));
  });
});

describe('an answer of which only the status matters', () => {
  const discard = { discardBody: true, maxBytes: 1_024 };
  const post = (url: string, more: Partial<SafeRequest> = {}) => http.request({ method: 'POST', url, ...discard, ...more });

  test('is an answer however long its body is, and the connection of an endless one is closed', async () => {
    let closed: () => void;
    const cut = new Promise<void>((resolve) => (closed = resolve));
    const { origin } = await serve((request, response) => {
      response.statusCode = 503;
      if (request.url === '/announced') return response.end(Buffer.alloc(100_000, 'x'));
      const more = () => void (response.destroyed || response.write(Buffer.alloc(65_536, 'x'), more));
      response.on('close', () => closed());
      return more();
    });
    await expect(post(`${origin}/announced`, { discardBody: false })).rejects.toEqual(kind('too-large'));
    for (const path of ['/announced', '/endless']) expect(await post(origin + path)).toMatchObject({ status: 503, body: Buffer.alloc(1_024, 'x') });
    await cut;
  });

  test('leaves a connection that can be used again when the body fits', async () => {
    const server = await serve((_, response) => response.writeHead(202).end('accepted'));
    for (let i = 0; i < 20; i += 1) expect(await post(server.origin)).toMatchObject({ status: 202, body: Buffer.from('accepted') });
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  test.each([
    ['shorter than it says', 'HTTP/1.1 202 Accepted\r\ncontent-length: 10\r\nconnection: close\r\n\r\nshort', 'short'],
    ['gzip that is none', 'HTTP/1.1 202 Accepted\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nok', 'ok'],
    ['compression nobody asked for', 'HTTP/1.1 202 Accepted\r\ncontent-encoding: br\r\ncontent-length: 2\r\n\r\nok', 'ok'],
  ])('may be broken after that: %s', async (_, answer, body) => {
    const url = await serveRaw(answer);
    await expect(post(url, { discardBody: false })).rejects.toEqual(kind('bad-response'));
    expect(await post(url)).toMatchObject({ status: 202, body: Buffer.from(body) });
  });

  test('counts when time runs out later, but not when the caller gave up', async () => {
    let begun = () => {};
    const { origin } = await serve((_, response) => {
      response.writeHead(202).write('x');
      begun();
    });
    await expect(post(origin, { discardBody: false, timeoutMs: 200 })).rejects.toEqual(kind('timeout'));
    expect(await post(origin, { timeoutMs: 200 })).toMatchObject({ status: 202, body: Buffer.from('x') });
    const controller = new AbortController();
    begun = () => controller.abort(new Error('shutting down'));
    await expect(post(origin, { signal: controller.signal })).rejects.toThrow('shutting down');
  });
});

describe('broken answers', () => {
  test.each([
    ['not HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', 'bad-response'],
    ['nothing', '', 'unreachable'],
    ['shorter than it says', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\nshort', 'bad-response'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!', 'bad-response'],
    ['gzip that is none', 'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nok', 'bad-response'],
    ['compression nobody asked for', 'HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 2\r\n\r\nok', 'bad-response'],
    ['longer than allowed, as it says', 'HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n', 'too-large'],
  ])('%s', async (_, answer, expected) => {
    expect((await get(await serveRaw('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'))).body.toString()).toBe('ok');
    await expect(get(await serveRaw(answer))).rejects.toEqual(kind(expected));
  });

  test('an error status is an answer', async () => {
    const { origin } = await serve((_, response) => response.writeHead(410).end('gone'));
    expect(await get(origin)).toMatchObject({ status: 410, body: Buffer.from('gone') });
  });

  test('nobody listens', async () => {
    const server = await listen(() => undefined);
    await server[Symbol.asyncDispose]();
    await expect(get(server.origin)).rejects.toEqual(kind('unreachable'));
    await expect(get(server.origin)).rejects.toBeInstanceOf(SafeHttpError);
  });
});

test('close waits for what is under way and lets nothing new begin', async () => {
  let arrived: () => void;
  const asked = new Promise<void>((resolve) => (arrived = resolve));
  let answer = (): void => undefined;
  const { origin } = await serve((_, response) => {
    answer = () => void response.end('late');
    arrived();
  });
  const closing = new SafeHttp({ allowPrivateNetwork: true, userAgent: 'test' });
  const pending = closing.request({ method: 'GET', url: origin });
  await asked;
  const closed = closing.close();
  answer();
  expect((await pending).body.toString()).toBe('late');
  await closed;
  await expect(closing.request({ method: 'GET', url: origin })).rejects.toEqual(kind('unreachable'));
});

test('no more than maxPerHost exchanges run at once, and all come through', async () => {
  let running = 0;
  let most = 0;
  const server = await serve((_, response) => {
    most = Math.max(most, (running += 1));
    setImmediate(() => {
      running -= 1;
      response.end('ok');
    });
  });
  const narrow = new SafeHttp({ allowPrivateNetwork: true, userAgent: 'test', maxPerHost: 3 });
  const answers = await Promise.all(Array.from({ length: 30 }, () => narrow.request({ method: 'GET', url: server.origin })));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(most).toBeLessThanOrEqual(3);
  expect(server.connections()).toBeLessThanOrEqual(3);
  await narrow.close();
});
