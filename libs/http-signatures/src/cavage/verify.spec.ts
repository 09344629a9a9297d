import { createPublicKey, sign } from 'node:crypto';
import { ed25519KeyPair, rsaKeyPair } from '../fixtures/keys.ts';
import { smithereenCreate } from '../fixtures/smithereen-create.ts';
import { checkRequest, digestOf, readSignature, signRequest, verifyRequest, type HeaderBag, type RequestToVerify } from '../index.ts';
import { signingString } from './signing-string.ts';

const rsa = rsaKeyPair();
const ed25519 = ed25519KeyPair();
const now = new Date('2026-11-23T02:46:05Z');
const seconds = now.getTime() / 1_000;
const keyId = 'https://remote.example/users/alice#main-key';
const body = Buffer.from('{"type":"Create"}');

/** What the tests below vary; the rest is as an honest sender does it. */
interface Sent {
  method?: string;
  path?: string;
  headers?: HeaderBag;
  body?: Buffer | null;
  covers?: string;
  algorithm?: string | null;
  created?: number;
  expires?: number;
  privateKeyPem?: string;
  publicKeyPem?: string;
}

const honest = { host: 'here.example', date: now.toUTCString(), digest: digestOf(body) };

/** A request with a signature that is right for exactly what it says. */
function request(sent: Sent = {}): RequestToVerify {
  const { method = 'POST', path = '/inbox', covers = '(request-target) host date digest', algorithm = 'rsa-sha256', created, expires } = sent;
  const headers: HeaderBag = { ...honest, ...sent.headers };
  const string = signingString({ method, target: path, headers, created, expires }, covers.split(' '));
  const message = Buffer.from(string.kind === 'string' ? string.value : '');
  const key = sent.privateKeyPem ?? rsa.privateKeyPem;
  const signature = sign(key === ed25519.privateKeyPem ? null : 'sha256', message, key).toString('base64');
  const parameters = [
    `keyId="${keyId}"`,
    algorithm === null ? [] : `algorithm="${algorithm}"`,
    created === undefined ? [] : `created=${created}`,
    expires === undefined ? [] : `expires=${expires}`,
    `headers="${covers}"`,
    `signature="${signature}"`,
  ].flat();
  const read = readSignature({ signature: parameters.join(',') });
  if (read.kind !== 'signature') throw new Error(JSON.stringify(read));
  const publicKeyPem = sent.publicKeyPem ?? rsa.publicKeyPem;
  return { method, path, headers, body: sent.body === undefined ? body : sent.body, signature: read.value, publicKeyPem, now, hosts: ['here.example'] };
}

const valid = { kind: 'valid' };
const refused = (problem: string, reason: RegExp) => ({ kind: 'invalid', problem, reason: expect.stringMatching(reason) });

describe('accepted', () => {
  const inSeconds = (offset: number) => new Date(now.getTime() + offset * 1_000).toUTCString();
  test.each<[string, Sent]>([
    ['a POST', {}],
    ['hs2019 with an RSA key', { algorithm: 'hs2019' }],
    ['no algorithm', { algorithm: null }],
    ['Ed25519 under hs2019', { algorithm: 'hs2019', ...ed25519 }],
    ['Ed25519 without algorithm', { algorithm: null, ...ed25519 }],
    ['(created) for date', { algorithm: 'hs2019', covers: '(request-target) (created) (expires) host digest', created: seconds - 5, expires: seconds + 60 }],
    ['more headers than needed', { covers: '(request-target) host date digest content-type', headers: { 'content-type': 'application/activity+json' } }],
    ['a GET without digest', { method: 'GET', body: null, covers: '(request-target) host date' }],
    ['Host in capitals', { headers: { host: 'Here.Example' } }],
    ['a clock 59 minutes behind', { headers: { date: inSeconds(-59 * 60) } }],
    ['a clock 59 minutes ahead', { headers: { date: inSeconds(59 * 60) } }],
  ])('%s', (_, sent) => {
    expect(verifyRequest(request(sent))).toEqual(valid);
  });

  test('a Date whose day has one digit', () => {
    const date = 'Tue, 3 Nov 2026 02:46:05 GMT';
    expect(verifyRequest({ ...request({ headers: { date } }), now: new Date(date) })).toEqual(valid);
  });

  test('(request-target) without the query, as older Mastodon signs it', () => {
    expect(verifyRequest({ ...request({ path: '/inbox?a=b' }) })).toEqual(valid);
    expect(verifyRequest({ ...request({ path: '/inbox' }), path: '/inbox?a=b' })).toEqual(valid);
    expect(verifyRequest({ ...request({ path: '/inbox?a=b' }), path: '/inbox?a=c' })).toEqual(refused('signature', /./));
  });

  test('what signRequest signs', () => {
    const url = 'https://here.example/users/bob/inbox?x=1#top';
    const signed = signRequest({ method: 'POST', url, body, keyId, privateKeyPem: rsa.privateKeyPem, date: now });
    expect(Object.keys(signed)).toEqual(['Host', 'Date', 'Digest', 'Signature']);
    const headers = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]));
    const read = readSignature(headers);
    if (read.kind !== 'signature') throw new Error(read.kind);
    expect(read.value).toMatchObject({ keyId, algorithm: 'rsa-sha256', signedHeaders: ['(request-target)', 'host', 'date', 'digest'] });
    const received = { ...request(), path: '/users/bob/inbox?x=1', headers, signature: read.value };
    expect(verifyRequest(received)).toEqual(valid);
    expect(verifyRequest({ ...received, path: '/users/bob/inbox?x=2' })).toEqual(refused('signature', /./));
  });

  test('what Smithereen sent: all but its key, which was not kept, is as it should be', () => {
    const read = readSignature(smithereenCreate.headers);
    if (read.kind !== 'signature') throw new Error(read.kind);
    const received = { ...smithereenCreate, method: 'POST', signature: read.value, now, hosts: ['peer.test:9000'] };
    expect(checkRequest(received)).toEqual(valid);
    expect(checkRequest({ ...received, body: Buffer.from(smithereenCreate.body.toString().replace('test 2', 'test 3')) })).toEqual(refused('digest', /not that of the body/));
  });
});

describe('altered after it was signed', () => {
  const later = new Date(now.getTime() + 1_000).toUTCString();
  const covers = '(request-target) (created) (expires) host date digest content-type';
  const sent = request({ algorithm: 'hs2019', covers, created: seconds, expires: seconds + 60, headers: { 'content-type': 'application/json' } });
  const flipped = Buffer.from(sent.signature.signature);
  flipped[0]! ^= 1;
  const otherBody = Buffer.from('{"type":"Delete"}');

  test.each<[string, Partial<RequestToVerify>]>([
    ['method', { method: 'PUT' }],
    ['path', { path: '/users/bob/inbox' }],
    ['host', { headers: { ...sent.headers, host: 'also-here.example' }, hosts: ['also-here.example'] }],
    ['date', { headers: { ...sent.headers, date: later } }],
    ['body with its digest', { body: otherBody, headers: { ...sent.headers, digest: digestOf(otherBody) } }],
    ['another covered header', { headers: { ...sent.headers, 'content-type': 'text/html' } }],
    ['created', { signature: { ...sent.signature, created: seconds + 1 } }],
    ['expires', { signature: { ...sent.signature, expires: seconds + 61 } }],
    ['order of the covered headers', { signature: { ...sent.signature, signedHeaders: [...sent.signature.signedHeaders].reverse() } }],
    ['signature', { signature: { ...sent.signature, signature: flipped } }],
    ['key', { publicKeyPem: rsaKeyPair().publicKeyPem }],
  ])('%s', (_, change) => {
    expect(verifyRequest(sent)).toEqual(valid);
    expect(verifyRequest({ ...sent, ...change })).toEqual(refused('signature', /not one of this request by this key/));
  });

  test('the body alone', () => {
    expect(verifyRequest({ ...sent, body: otherBody })).toEqual(refused('digest', /not that of the body/));
    expect(verifyRequest({ ...sent, body: null })).toEqual(refused('digest', /not that of the body/));
  });

  test('a covered header taken away', () => {
    expect(verifyRequest({ ...sent, headers: { ...sent.headers, 'content-type': undefined } })).toEqual(refused('coverage', /content-type, which the request does not have/));
  });
});

describe('refused although the signature is right', () => {
  const small = rsaKeyPair(1_024);
  const hugeKey = createPublicKey({ key: { kty: 'RSA', n: Buffer.alloc(1_025, 255).toString('base64url'), e: 'AQAB' }, format: 'jwk' });
  const huge = hugeKey.export({ type: 'spki', format: 'pem' }) as string;
  test.each<[string, Sent, string, RegExp]>([
    ['(request-target) not covered', { covers: 'host date digest' }, 'coverage', /not cover \(request-target\)/],
    ['host not covered', { covers: '(request-target) date digest' }, 'coverage', /not cover host/],
    ['digest not covered', { covers: '(request-target) host date' }, 'coverage', /not cover digest/],
    ['digest not covered of an empty POST', { covers: '(request-target) host date', body: null }, 'coverage', /not cover digest/],
    ['digest not covered of a GET with a body', { method: 'GET', covers: '(request-target) host date' }, 'coverage', /not cover digest/],
    ['no time covered', { covers: '(request-target) host digest' }, 'coverage', /neither date nor \(created\)/],
    ['created given but not covered', { algorithm: 'hs2019', covers: '(request-target) host digest', created: seconds }, 'coverage', /neither/],
    ['another host', { headers: { host: 'other.example' } }, 'host', /another host/],
    ['Host twice', { headers: { host: ['here.example', 'here.example'] } }, 'host', /more than once/],
    ['no Date', { headers: { date: undefined } }, 'time', /missing/],
    ['Date twice', { headers: { date: [honest.date, honest.date] } }, 'time', /more than once/],
    ['Date twice, joined', { headers: { date: `${honest.date}, ${honest.date}` } }, 'time', /not an HTTP date/],
    ['Date as ISO 8601', { headers: { date: now.toISOString() } }, 'time', /not an HTTP date/],
    ['a Date 61 minutes ago', { headers: { date: 'Mon, 23 Nov 2026 01:45:05 GMT' } }, 'time', /3600 seconds from the time here, Mon, 23 Nov 2026/],
    ['a Date in 61 minutes', { headers: { date: 'Mon, 23 Nov 2026 03:47:05 GMT' } }, 'time', /3600 seconds/],
    ['created long ago', { algorithm: 'hs2019', covers: '(request-target) (created) host digest', created: seconds - 3_700 }, 'time', /created/],
    ['created far ahead', { algorithm: 'hs2019', covers: '(request-target) (created) host digest', created: seconds + 3_700 }, 'time', /created/],
    ['expired', { algorithm: 'hs2019', expires: seconds - 1 }, 'time', /expired/],
    ['no Digest', { headers: { digest: undefined } }, 'digest', /missing/],
    ['Digest twice', { headers: { digest: [honest.digest, honest.digest] } }, 'digest', /more than once/],
    ['a Digest of MD5 alone', { headers: { digest: 'MD5=AAAA' } }, 'digest', /no SHA-256/],
    ['rsa-sha1', { algorithm: 'rsa-sha1' }, 'algorithm', /use rsa-sha256 or hs2019/],
    ['hmac-sha256', { algorithm: 'hmac-sha256' }, 'algorithm', /use rsa-sha256 or hs2019/],
    ['(created) under rsa-sha256', { covers: '(request-target) (created) host digest', created: seconds }, 'algorithm', /use hs2019/],
    ['rsa-sha256 by an Ed25519 key', ed25519, 'key', /key is Ed25519/],
    ['an RSA key of 1024 bits', small, 'key', /1024 bits/],
    ['an RSA key of 8200 bits', { publicKeyPem: huge }, 'key', /8200 bits/],
    ['a key that is none', { publicKeyPem: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----' }, 'key', /cannot be read/],
    ['a private key', { publicKeyPem: rsa.privateKeyPem }, 'key', /not in PEM form/],
    ['a key without end', { publicKeyPem: rsa.publicKeyPem + ' '.repeat(5_000) }, 'key', /too long/],
  ])('%s', (_, sent, problem, reason) => {
    expect(verifyRequest(request())).toEqual(valid);
    expect(verifyRequest(request(sent))).toEqual(refused(problem, reason));
  });

  test('a time outside a narrower window', () => {
    const late = request({ headers: { date: 'Mon, 23 Nov 2026 02:40:05 GMT' } });
    expect(verifyRequest(late)).toEqual(valid);
    expect(verifyRequest({ ...late, maxSkewSeconds: 300 })).toEqual(refused('time', /300 seconds/));
  });
});

test('checkRequest says all that can be said without the key', () => {
  const sent = request();
  const forged = { ...sent, signature: { ...sent.signature, signature: Buffer.alloc(256) } };
  expect(checkRequest(forged)).toEqual(valid);
  expect(verifyRequest(forged)).toEqual(refused('signature', /./));
  expect(checkRequest({ ...forged, hosts: ['other.example'] })).toEqual(refused('host', /./));
});
