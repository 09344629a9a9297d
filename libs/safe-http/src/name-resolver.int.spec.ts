import { promises as dns } from 'node:dns';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip, gzipSync } from 'node:zlib';
import { jest } from '@jest/globals';
import { listen } from './fixtures/loopback-server.ts';
import { serveNames, type NameAnswer, type NameServer } from './fixtures/name-server.ts';
import { SafeHttp } from './index.ts';
import { NameResolver } from './name-resolver.ts';

const names: Record<string, NameAnswer> = {
  'both.test': { addresses: ['2001:db8::1', '192.0.2.1', '192.0.2.2'] },
  'four.test': { addresses: ['192.0.2.4'] },
  'six.test': { addresses: ['2001:db8::6'] },
  'nothing.test': { addresses: [] },
  'brief.test': { addresses: ['192.0.2.5'], ttl: 20 },
  'fleeting.test': { addresses: ['192.0.2.6'], ttl: 0 },
  'crowd.test': { addresses: Array.from({ length: 25 }, (_, i) => `192.0.2.${i}`) },
};
let server: NameServer;
let now = 0;
const resolvers: NameResolver[] = [];
const resolver = () => {
  const made = new NameResolver({ servers: [server.address], now: () => now });
  resolvers.push(made);
  return made;
};
const asked = (name: string) => server.queries.filter((query) => query.endsWith(` ${name}`));

beforeAll(async () => {
  server = await serveNames((name, type) => {
    if (name.endsWith('silent.test')) return 'silent';
    if (name === 'half.test') return type === 'A' ? { addresses: ['192.0.2.7'] } : 'silent';
    return names[name] ?? 'nxdomain';
  });
});
afterAll(async () => {
  for (const made of resolvers) made.cancel();
  await server[Symbol.asyncDispose]();
});

test.each([
  ['both.test', ['192.0.2.1', '192.0.2.2', '2001:db8::1']],
  ['four.test', ['192.0.2.4']],
  ['six.test', ['2001:db8::6']],
])('%s has the addresses of both families, IPv4 first', async (name, expected) => {
  const addresses = await resolver().resolve(name);
  expect(addresses.map(({ address }) => address).toSorted()).toEqual(expected.toSorted());
  expect(addresses.map(({ family }) => family)).toEqual(expected.map((address) => (address.includes(':') ? 6 : 4)));
  expect(asked(name).toSorted()).toEqual([`A ${name}`, `AAAA ${name}`]);
});

test.each([
  ['nobody.test', 'ENOTFOUND'],
  ['nothing.test', 'ENODATA'],
  ['a..test', 'EBADNAME'],
])('%s fails with %s', async (name, code) => {
  await expect(resolver().resolve(name)).rejects.toMatchObject({ code });
});

test('more addresses than anybody needs are cut', async () => {
  expect(await resolver().resolve('crowd.test')).toHaveLength(16);
});

test('a name server that drops AAAA queries does not keep the IPv4 addresses waiting', async () => {
  const before = performance.now();
  expect(await resolver().resolve('half.test')).toEqual([{ address: '192.0.2.7', family: 4 }]);
  expect(performance.now() - before).toBeLessThan(1_500);
});

test.each([
  ['both.test', 60],
  ['brief.test', 20],
  ['fleeting.test', 0],
])('%s is known for %i seconds', async (name, seconds) => {
  const one = resolver();
  const before = asked(name).length;
  const queries = async () => {
    await one.resolve(name);
    return (asked(name).length - before) / 2;
  };
  expect(await queries()).toBe(1);
  now += Math.max(0, seconds * 1_000 - 1);
  expect(await queries()).toBe(seconds === 0 ? 2 : 1);
  now += 1;
  expect(await queries()).toBe(seconds === 0 ? 3 : 2);
});

test('a failure is not kept', async () => {
  const one = resolver();
  await expect(one.resolve('late.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  names['late.test'] = { addresses: ['192.0.2.8'] };
  expect(await one.resolve('late.test')).toHaveLength(1);
});

test('many who ask at once are one question', async () => {
  const one = resolver();
  names['shared.test'] = { addresses: ['192.0.2.9'] };
  await Promise.all(Array.from({ length: 20 }, () => one.resolve('shared.test')));
  expect(asked('shared.test')).toHaveLength(2);
});

test('names that nobody answers for hold up neither others nor the threads, and are bounded', async () => {
  const one = resolver();
  await one.resolve('both.test');
  const silent: Promise<unknown>[] = [];
  for (let i = 0; i < 255; i += 1) {
    silent.push(one.resolve(`${i}.silent.test`));
    // Its socket would overflow: the name server shares this thread.
    if (i % 16 === 0) await setImmediate();
  }
  const ends = Promise.allSettled(silent);
  expect(await one.resolve('four.test')).toHaveLength(1);
  expect((await promisify(gunzip)(gzipSync('text'))).toString()).toBe('text');
  const last = expect(one.resolve('255.silent.test')).rejects.toMatchObject({ code: 'ECANCELLED' });
  await expect(one.resolve('six.test')).rejects.toMatchObject({ code: 'EBUSY' });
  expect(await one.resolve('both.test')).toHaveLength(3);
  one.cancel();
  await last;
  expect(new Set((await ends).map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect(await one.resolve('six.test')).toHaveLength(1);
});

describe('SafeHttp', () => {
  afterEach(() => jest.restoreAllMocks());
  let closed: number;
  beforeAll(async () => {
    const { port, ...server } = await listen(() => undefined);
    await server[Symbol.asyncDispose]();
    closed = port;
  });
  const get = async (allowPrivateNetwork: boolean) => {
    const http = new SafeHttp({ allowPrivateNetwork, userAgent: 'test' });
    return http.request({ method: 'GET', url: `https://localhost:${closed}/` }).finally(() => http.close());
  };

  test('asks DNS on the internet, and the system where private networks are allowed', async () => {
    const four = jest.spyOn(dns.Resolver.prototype, 'resolve4').mockRejectedValue(Object.assign(new Error('no'), { code: 'ESERVFAIL' }));
    const six = jest.spyOn(dns.Resolver.prototype, 'resolve6').mockRejectedValue(Object.assign(new Error('no'), { code: 'ENODATA' }));
    await expect(get(false)).rejects.toMatchObject({ kind: 'unreachable', message: expect.stringContaining('ESERVFAIL') });
    expect([four.mock.calls.length, six.mock.calls.length]).toEqual([1, 1]);
    await expect(get(true)).rejects.toMatchObject({ kind: 'unreachable', message: expect.stringContaining('ECONNREFUSED') });
    expect([four.mock.calls.length, six.mock.calls.length]).toEqual([1, 1]);
  });

  test('checks every address that DNS told', async () => {
    jest.spyOn(dns.Resolver.prototype, 'resolve4').mockResolvedValue([{ address: '8.8.8.8', ttl: 0 }] as never);
    jest.spyOn(dns.Resolver.prototype, 'resolve6').mockResolvedValue([{ address: '::1', ttl: 0 }] as never);
    await expect(get(false)).rejects.toMatchObject({ kind: 'refused' });
  });
});
