import { createPrivateKey } from 'node:crypto';
import { signRequest as fedifySign, verifyRequest as fedifyVerify } from '@fedify/fedify/sig';
import fc from 'fast-check';
import { createSigner, createVerifier, httpbis } from 'http-message-signatures';
import { ed25519KeyPair, rsaKeyPair } from '../fixtures/keys.ts';
import { contentDigestOf } from './content-digest.ts';
import { signMessage } from './sign.ts';
import { readMessageSignature } from './signature-input.ts';
import { verifyMessage } from './verify.ts';

const [rsa, ed] = [rsaKeyPair(), ed25519KeyPair()];
const owner = 'https://remote.example/users/alice';
const keyId = `${owner}#main-key`;

/** Any request to some inbox or document of ours. Signatures tell seconds, and both others look at their own clock. */
const requests = fc.record({
  method: fc.constantFrom('POST' as const, 'GET' as const),
  path: fc.webPath().map((path) => (path.startsWith('/') ? path : `/${path}`)),
  // A question mark with nothing behind it is part of the request line for us, and not for http-message-signatures.
  query: fc.option(fc.webQueryParameters().filter((query) => query !== ''), { nil: undefined }),
  host: fc.tuple(fc.domain(), fc.option(fc.integer({ min: 1024, max: 65_535 }), { nil: undefined })).map(([name, port]) => (port === undefined ? name : `${name}:${port}`)),
  text: fc.string({ unit: 'grapheme' }),
});
const urlOf = ({ host, path, query }: { host: string; path: string; query: string | undefined }): string => new URL(`https://${host}${path}${query === undefined ? '' : `?${query}`}`).href;

function ours(request: { method: string; url: string; headers: Record<string, string | string[]>; body: Buffer | null }, publicKeyPem: string) {
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const { host, origin } = new URL(request.url);
  const read = readMessageSignature(headers, () => true);
  if (read.kind !== 'signature') return read;
  return verifyMessage({ method: request.method, path: request.url.slice(origin.length), headers: { ...headers, host }, body: request.body, signature: read.value, now: new Date(), hosts: [host], scheme: 'https', publicKeyPem });
}

describe('http-message-signatures', () => {
  test('verifies what we sign, and not with another target', async () => {
    const config = { keyLookup: async () => ({ id: keyId, algs: ['rsa-v1_5-sha256'], verify: createVerifier(rsa.publicKeyPem, 'rsa-v1_5-sha256') }) };
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const [url, body] = [urlOf(request), Buffer.from(request.text)];
        const headers = signMessage({ method: request.method, url, body, keyId, privateKeyPem: rsa.privateKeyPem, date: new Date() });
        expect(await httpbis.verifyMessage(config, { method: request.method, url, headers })).toBe(true);
        expect(await httpbis.verifyMessage(config, { method: request.method, url: `${url}x`, headers }).catch(() => false)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    ['rsa-v1_5-sha256', rsa],
    ['ed25519', ed],
  ])('signs with %s what we verify, and not with another body', async (algorithm, { privateKeyPem, publicKeyPem }) => {
    await fc.assert(
      fc.asyncProperty(requests, fc.constantFrom(['@target-uri'], ['@authority', '@path', '@query'], ['@authority', '@request-target']), async (request, target) => {
        const [url, body] = [urlOf(request), Buffer.from(request.text)];
        const fields = ['@method', ...target, 'content-digest'];
        const message = { method: request.method, url, headers: { 'Content-Digest': contentDigestOf(body) } };
        const signed = await httpbis.signMessage({ key: createSigner(privateKeyPem, algorithm, keyId), fields, params: ['created', 'keyid', 'alg'] }, message);
        expect(ours({ ...signed, url, body }, publicKeyPem)).toEqual({ kind: 'valid' });
        expect(ours({ ...signed, url, body: Buffer.concat([body, Buffer.from('x')]) }, publicKeyPem)).toMatchObject({ problem: 'digest' });
      }),
      { numRuns: 100 },
    );
  });
});

describe('Fedify', () => {
  const documentLoader = async (url: string) => {
    if (url !== keyId) throw new Error(`not in this test: ${url}`);
    const context = ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'];
    const publicKey = { id: keyId, type: 'CryptographicKey', owner, publicKeyPem: rsa.publicKeyPem };
    return { contextUrl: null, documentUrl: url, document: { '@context': context, id: owner, type: 'Person', inbox: `${owner}/inbox`, outbox: `${owner}/outbox`, publicKey } };
  };
  const url = 'https://server.example/inbox';
  const body = Buffer.from('{"type":"Create"}');
  const bytes = new Uint8Array(body);

  test('verifies what we sign, and not with another body', async () => {
    const headers = new Headers({ 'content-type': 'application/activity+json', ...signMessage({ method: 'POST', url, body, keyId, privateKeyPem: rsa.privateKeyPem, date: new Date() }) });
    const accepts = async (sent: string | Uint8Array<ArrayBuffer>): Promise<boolean> => (await fedifyVerify(new Request(url, { method: 'POST', headers, body: sent }), { documentLoader, spec: 'rfc9421' })) !== null;
    expect(await accepts(bytes)).toBe(true);
    expect(await accepts('{}')).toBe(false);
  });

  test('signs what we verify, and not with another body', async () => {
    const der = createPrivateKey(rsa.privateKeyPem).export({ type: 'pkcs8', format: 'der' });
    const key = await crypto.subtle.importKey('pkcs8', der, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['sign']);
    const signed = await fedifySign(new Request(url, { method: 'POST', body: bytes, headers: { 'content-type': 'application/activity+json' } }), key, new URL(keyId), { spec: 'rfc9421' });
    const request = { method: 'POST', url, headers: Object.fromEntries(signed.headers) };
    expect(ours({ ...request, body }, rsa.publicKeyPem)).toEqual({ kind: 'valid' });
    expect(ours({ ...request, body: Buffer.from('{}') }, rsa.publicKeyPem)).toMatchObject({ problem: 'digest' });
  });
});
