import { type InnerList, parseDictionary } from 'structured-headers';
import { ed25519KeyPair, rsaKeyPair } from '../fixtures/keys.ts';
import { contentDigestOf } from './content-digest.ts';
import { signMessage } from './sign.ts';
import { type CoveredMessage, signatureBase } from './signature-base.ts';
import { readMessageSignature } from './signature-input.ts';
import { type MessageToCheck, verifyMessage } from './verify.ts';

const DIGEST_OF_REQUEST = 'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:';
const DIGEST_OF_RESPONSE = 'sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:';

/** RFC 9421 appendix B.2: the messages, and what is signed of them. */
const REQUEST: CoveredMessage = {
  method: 'POST',
  url: new URL('https://example.com/foo?param=Value&Pet=dog'),
  headers: { host: 'example.com', date: 'Tue, 20 Apr 2021 02:07:55 GMT', 'content-type': 'application/json', 'content-digest': DIGEST_OF_REQUEST, 'content-length': '18' },
};
const RESPONSE: CoveredMessage = { status: 200, headers: { 'content-type': 'application/json', 'content-digest': DIGEST_OF_RESPONSE, 'content-length': '23' } };
const B21 = '();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"';
const B22 = '("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"';
const B23 = '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"';
const B24 = '("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"';
const B25 = '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
const B26 = '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';

const covering = (text: string): InnerList => parseDictionary(`sig=${text}`).get('sig') as InnerList;

test.each<[string, CoveredMessage, string, string[]]>([
  ['B.2.1', REQUEST, B21, []],
  ['B.2.2', REQUEST, B22, ['"@authority": example.com', `"content-digest": ${DIGEST_OF_REQUEST}`, '"@query-param";name="Pet": dog']],
  [
    'B.2.3',
    REQUEST,
    B23,
    [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@authority": example.com',
      '"content-type": application/json',
      `"content-digest": ${DIGEST_OF_REQUEST}`,
      '"content-length": 18',
    ],
  ],
  ['B.2.4', RESPONSE, B24, ['"@status": 200', '"content-type": application/json', `"content-digest": ${DIGEST_OF_RESPONSE}`, '"content-length": 23']],
  ['B.2.5', REQUEST, B25, ['"date": Tue, 20 Apr 2021 02:07:55 GMT', '"@authority": example.com', '"content-type": application/json']],
  [
    'B.2.6',
    REQUEST,
    B26,
    ['"date": Tue, 20 Apr 2021 02:07:55 GMT', '"@method": POST', '"@path": /foo', '"@authority": example.com', '"content-type": application/json', '"content-length": 18'],
  ],
])('the signature base of RFC 9421 %s', (_section, message, covered, lines) => {
  expect(signatureBase(message, covering(covered))).toEqual({ kind: 'base', value: [...lines, `"@signature-params": ${covered}`].join('\n') });
});

test.each([
  ['a component twice', '("@method" "@method")', /more than once/],
  ['a field that is not there', '("x-nothing")', /does not have/],
  ['a parameter that changes what is read', '("content-digest";sf)', /parameters/],
  ['a field of the request a response answers', '("@method";req)', /parameters/],
  ['an unknown derived component', '("@nonsense")', /does not have/],
  ['a name in capitals', '("Date")', /lower case/],
  ['a parameter of the query that is not there', '("@query-param";name="none")', /does not have/],
  ['a parameter of the query that is there twice', '("@query-param";name="x")', /more than once/],
])('refused: %s', (_what, covered, reason) => {
  const message = { ...REQUEST, url: new URL('https://example.com/?x=1&x=2') };
  expect(signatureBase(message, covering(covered))).toEqual({ kind: 'refused', reason: expect.stringMatching(reason) });
});

const isKeyId = (text: string): boolean => text.startsWith('http');
const [rsa, other, ed] = [rsaKeyPair(), rsaKeyPair(), ed25519KeyPair()];
const now = new Date('2026-06-01T12:00:00Z');
const body = Buffer.from('{"type":"Create"}');
const request = { method: 'POST', url: 'https://social.example/inbox?x=1', body, keyId: 'https://remote.example/users/bob#main-key', privateKeyPem: rsa.privateKeyPem, date: now } as const;

/** As a server would see the request, with these headers. */
function received(headers: Record<string, string | string[]>, changes: Partial<MessageToCheck> = {}): MessageToCheck {
  const lowerCase = { host: 'social.example', ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])) };
  const read = readMessageSignature(lowerCase, isKeyId);
  if (read.kind !== 'signature') throw new Error(JSON.stringify(read));
  return { method: 'POST', path: '/inbox?x=1', headers: lowerCase, body, signature: read.value, now, hosts: ['social.example'], scheme: 'https', ...changes };
}
const verdict = (message: MessageToCheck, publicKeyPem = rsa.publicKeyPem) => verifyMessage({ ...message, publicKeyPem });

test('what we sign we verify', () => {
  expect(verdict(received(signMessage(request)))).toEqual({ kind: 'valid' });
});

describe('RFC 9421 B.2.6, the signature as published', () => {
  const key = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n';
  const published = 'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==';
  const headers = { ...REQUEST.headers, 'signature-input': `sig-b26=${B26}`, signature: `sig-b26=:${published}:` } as Record<string, string>;
  const read = readMessageSignature(headers, () => true);
  if (read.kind !== 'signature') throw new Error(read.kind);
  const base = signatureBase(REQUEST, read.value.covered);

  test('verifies, and not with a bit changed', async () => {
    const { createPublicKey, verify } = await import('node:crypto');
    if (base.kind !== 'base') throw new Error(base.reason);
    expect(verify(null, Buffer.from(base.value), createPublicKey(key), read.value.signature)).toBe(true);
    expect(verify(null, Buffer.from(base.value.replace('18', '19')), createPublicKey(key), read.value.signature)).toBe(false);
  });
  test('and is refused by us all the same, since nothing binds it to its body', () => {
    const message = { method: 'POST', path: '/foo?param=Value&Pet=dog', headers, body: null, signature: read.value, now: new Date(1618884473_000), hosts: ['example.com'], scheme: 'https' } as const;
    expect(verifyMessage({ ...message, publicKeyPem: key })).toMatchObject({ kind: 'invalid', problem: 'coverage' });
  });
});

describe('refused', () => {
  const signed = signMessage(request);
  const good = received(signed);
  test.each<[string, MessageToCheck, string]>([
    ['another path', { ...good, path: '/users/alice/inbox?x=1' }, 'signature'],
    ['another query', { ...good, path: '/inbox?x=2' }, 'signature'],
    ['another method', { ...good, method: 'PUT' }, 'signature'],
    ['another host', { ...good, headers: { ...good.headers, host: 'other.example' } }, 'host'],
    ['another host that is ours, too', { ...good, headers: { ...good.headers, host: 'also.example' }, hosts: ['social.example', 'also.example'] }, 'signature'],
    ['two hosts', { ...good, headers: { ...good.headers, host: ['social.example', 'social.example'] } }, 'host'],
    ['another scheme', { ...good, scheme: 'http' }, 'signature'],
    ['another body', { ...good, body: Buffer.from('{}') }, 'digest'],
    ['another body with its digest', { ...good, body: Buffer.from('{}'), headers: { ...good.headers, 'content-digest': contentDigestOf(Buffer.from('{}')) } }, 'signature'],
    ['too old', { ...good, now: new Date(now.getTime() + 3_700_000) }, 'time'],
    ['from the future', { ...good, now: new Date(now.getTime() - 3_700_000) }, 'time'],
    ['expired', { ...good, signature: { ...good.signature, expires: now.getTime() / 1000 - 1 } }, 'time'],
    ['without created', { ...good, signature: { ...good.signature, created: undefined } }, 'coverage'],
    ['an algorithm we do not take', { ...good, signature: { ...good.signature, algorithm: 'hmac-sha256' } }, 'algorithm'],
    ['an algorithm that is not the key’s', { ...good, signature: { ...good.signature, algorithm: 'ed25519' } }, 'key'],
    ...['@method', '@target-uri', 'content-digest'].map((name): [string, MessageToCheck, string] => [
      `without ${name}`,
      { ...good, signature: { ...good.signature, covered: [good.signature.covered[0].filter(([covered]) => covered !== name), good.signature.covered[1]] } },
      'coverage',
    ]),
  ])('%s', (_what, message, problem) => {
    expect(verdict(good)).toEqual({ kind: 'valid' });
    expect(verdict(message)).toMatchObject({ kind: 'invalid', problem });
  });

  test("another's key", () => {
    expect(verdict(good, other.publicKeyPem)).toMatchObject({ problem: 'signature' });
    expect(verdict(good, ed.publicKeyPem)).toMatchObject({ problem: 'key' });
  });
});

describe('the headers', () => {
  const input = 'sig=("@method");created=1;keyid="https://remote.example/key"';
  test.each<[string, Record<string, string>, string | RegExp]>([
    ['there', { 'signature-input': input, signature: 'sig=:AAAA:' }, 'signature'],
    ['not there', {}, 'missing'],
    ['without Signature', { 'signature-input': input }, /no Signature/],
    ['no dictionary', { 'signature-input': '"', signature: 'sig=:AAAA:' }, /dictionary/],
    ['of another label', { 'signature-input': input, signature: 'other=:AAAA:' }, /no bytes/],
    ['no list', { 'signature-input': 'sig=1', signature: 'sig=:AAAA:' }, /not a list/],
    ['a keyid that is no URL', { 'signature-input': input.replace('https://remote.example/key', 'me'), signature: 'sig=:AAAA:' }, /keyid/],
    ['created as a text', { 'signature-input': input.replace('=1', '="1"'), signature: 'sig=:AAAA:' }, /created/],
    ['ten thousand bytes', { 'signature-input': `${input};x="${'x'.repeat(10_000)}"`, signature: 'sig=:AAAA:' }, /too long/],
  ])('%s', (_what, headers, expected) => {
    const read = readMessageSignature(headers, isKeyId);
    if (typeof expected === 'string') expect(read.kind).toBe(expected);
    else expect(read).toEqual({ kind: 'malformed', reason: expect.stringMatching(expected) });
  });
});
