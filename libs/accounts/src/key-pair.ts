import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

export interface KeyPair {
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
}

const generate = promisify(generateKeyPair);

/** RSA 2048: the one kind of key that every ActivityPub server verifies. Takes 50 ms to a second, off the event loop. */
export async function generateRsaKeyPair(): Promise<KeyPair> {
  const { publicKey, privateKey } = await generate('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { publicKeyPem: publicKey, privateKeyPem: privateKey };
}
