import { readKeyDocument } from './key-document.ts';

const owner = 'https://remote.example/users/bob';
const keyId = `${owner}/main-key`;
const publicKeyPem = '-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEA\n-----END RSA PUBLIC KEY-----\n';
const key = { id: keyId, owner, publicKeyPem };

test.each([
  ['a key by itself', { type: 'Key', ...key }],
  ['a key whose owner is an object', { ...key, owner: { id: owner } }],
  ['a stub of the actor, as GoToSocial serves it', { type: 'Person', id: owner, preferredUsername: 'bob', publicKey: key }],
  ['a stub with several keys, that does not say whose they are', { id: owner, publicKey: [{ ...key, id: `${owner}#1` }, { id: keyId, publicKeyPem }] }],
])('%s', (_name, document) => {
  expect(readKeyDocument(document, keyId)).toEqual({ kind: 'key', key });
});

test.each([
  ['another key', { ...key, id: `${keyId}2` }],
  ['no owner', { id: keyId, publicKeyPem }],
  ['an owner that is no http or https URL', { ...key, owner: 'acct:bob@remote.example' }],
  ['no PEM', { ...key, publicKeyPem: 'AAAA' }],
  ['a private key', { ...key, publicKeyPem: publicKeyPem.replaceAll('RSA PUBLIC', 'PRIVATE') }],
  ['a certificate chain', { ...key, publicKeyPem: publicKeyPem + publicKeyPem }],
  ['a key without end', { ...key, publicKeyPem: publicKeyPem.replace('MII', 'A'.repeat(9000)) }],
  ['an array', [key]],
  ['nothing', null],
])('refuses %s', (_name, document) => {
  expect(readKeyDocument(document, keyId).kind).toBe('invalid');
});
