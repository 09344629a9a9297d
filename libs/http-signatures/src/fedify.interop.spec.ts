import { createPrivateKey } from 'node:crypto';
import { signRequest as fedifySign, verifyRequest as fedifyVerify } from '@fedify/fedify/sig';
import { rsaKeyPair } from './fixtures/keys.ts';
import { readSignature, signRequest, verifyRequest, type VerifyResult } from './index.ts';

const { publicKeyPem, privateKeyPem } = rsaKeyPair();
const keyId = 'https://remote.example/users/alice#main-key';
const owner = 'https://remote.example/users/alice';
const body = Buffer.from('{"type":"Create","object":{"content":"Fixing the roof — at last"}}');
const now = new Date();

/** Answers for the one actor that has the key, and for nothing else. */
const documentLoader = async (url: string) => {
  if (url !== keyId) throw new Error(`not in this test: ${url}`);
  const document = {
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
    id: owner,
    type: 'Person',
    inbox: `${owner}/inbox`,
    outbox: `${owner}/outbox`,
    publicKey: { id: keyId, type: 'CryptographicKey', owner, publicKeyPem },
  };
  return { contextUrl: null, documentUrl: url, document };
};
const fedifyAccepts = async (request: Request): Promise<boolean> =>
  (await fedifyVerify(request, { documentLoader, spec: 'draft-cavage-http-signatures-12' })) !== null;

/** The request as a server would hand it to us. */
async function weVerify(request: Request, received: Buffer): Promise<VerifyResult> {
  const headers = Object.fromEntries(request.headers);
  const read = readSignature(headers);
  if (read.kind !== 'signature') throw new Error(read.kind);
  const { pathname, search, host } = new URL(request.url);
  return verifyRequest({
    method: request.method,
    path: pathname + search,
    headers,
    body: request.method === 'GET' ? null : received,
    signature: read.value,
    publicKeyPem,
    now,
    hosts: [host],
  });
}

describe('we sign, Fedify verifies', () => {
  const url = 'https://server.example/inbox';
  const signed = () => new Headers({ 'content-type': 'application/activity+json', ...signRequest({ method: 'POST', url, body, keyId, privateKeyPem, date: now }) });

  test('a POST, and not when its body changed', async () => {
    expect(await fedifyAccepts(new Request(url, { method: 'POST', headers: signed(), body }))).toBe(true);
    expect(await fedifyAccepts(new Request(url, { method: 'POST', headers: signed(), body: `${body} ` }))).toBe(false);
  });

  test('a POST, and not at another path', async () => {
    expect(await fedifyAccepts(new Request(url, { method: 'POST', headers: signed(), body }))).toBe(true);
    expect(await fedifyAccepts(new Request(`${url}2`, { method: 'POST', headers: signed(), body }))).toBe(false);
  });

  test('a GET', async () => {
    const target = 'https://server.example/users/bob';
    const headers = signRequest({ method: 'GET', url: target, keyId, privateKeyPem, date: now });
    expect(await fedifyAccepts(new Request(target, { headers }))).toBe(true);
    expect(await fedifyAccepts(new Request(target, { headers: { ...headers, Date: new Date(0).toUTCString() } }))).toBe(false);
  });
});

describe('Fedify signs, we verify', () => {
  const sign = async (request: Request) => {
    const der = createPrivateKey(privateKeyPem).export({ type: 'pkcs8', format: 'der' });
    const key = await crypto.subtle.importKey('pkcs8', der, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, true, ['sign']);
    return fedifySign(request, key, new URL(keyId), { spec: 'draft-cavage-http-signatures-12' });
  };
  const post = () => new Request('https://server.example/inbox', { method: 'POST', body, headers: { 'content-type': 'application/activity+json' } });

  test('a POST, and not when its body changed', async () => {
    const request = await sign(post());
    expect(await weVerify(request, body)).toEqual({ kind: 'valid' });
    expect(await weVerify(request, Buffer.concat([body, Buffer.from(' ')]))).toMatchObject({ kind: 'invalid', problem: 'digest' });
  });

  test('a POST, and not when a header it covers changed', async () => {
    const request = await sign(post());
    expect(await weVerify(request, body)).toEqual({ kind: 'valid' });
    request.headers.set('content-type', 'text/html');
    expect(await weVerify(request, body)).toMatchObject({ kind: 'invalid', problem: 'signature' });
  });

  test('a GET, whose query Fedify leaves out of (request-target)', async () => {
    const request = await sign(new Request('https://server.example/users/alice?page=1', { headers: { accept: 'application/activity+json' } }));
    expect(await weVerify(request, body)).toEqual({ kind: 'valid' });
  });
});
