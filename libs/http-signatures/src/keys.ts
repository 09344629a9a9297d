import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** Keeps the `size` keys used last: a key fresh from its PEM makes signing (RSA 2048) 2.3 times and verifying 1.6 times as expensive. */
function remember<T>(size: number, load: (pem: string) => T): (pem: string) => T {
  const known = new Map<string, T>();
  return (pem) => {
    const key = known.get(pem) ?? load(pem);
    known.delete(pem);
    known.set(pem, key);
    if (known.size > size) known.delete(known.keys().next().value as string);
    return key;
  };
}

const bits = (key: KeyObject): number => key.asymmetricKeyDetails?.modulusLength ?? 0;

const privateKey = remember(500, (pem) => {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'rsa') throw new TypeError('requests are signed with an RSA key');
  return key;
});

/**
 * Our own RSA key.
 * @throws {Error} when the PEM cannot be read or is not RSA: our own data is broken.
 */
export const importPrivateKey = (pem: string): KeyObject => privateKey(pem);

export type PublicKeyResult =
  | { readonly kind: 'rsa' | 'ed25519'; readonly key: KeyObject }
  | { readonly kind: 'refused'; readonly reason: string };

/** What a PEM holds; refusals are kept as keys are, since judging one costs as much. */
const publicKey = remember(2_000, (pem): PublicKeyResult => {
  // createPublicKey would also take a certificate, or derive the public half of a private key.
  if (!/^\s*-----BEGIN (RSA )?PUBLIC KEY-----/.test(pem)) return { kind: 'refused', reason: 'The public key is not in PEM form.' };
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    return { kind: 'refused', reason: 'The public key cannot be read.' };
  }
  switch (key.asymmetricKeyType) {
    case 'rsa':
      if (bits(key) < 2048) return { kind: 'refused', reason: `The RSA key has ${bits(key)} bits; at least 2048 are required.` };
      if (bits(key) > 8192) return { kind: 'refused', reason: `The RSA key has ${bits(key)} bits; at most 8192 are accepted.` };
      return { kind: 'rsa', key };
    case 'ed25519':
      return { kind: 'ed25519', key };
    default:
      return { kind: 'refused', reason: 'The public key is neither RSA nor Ed25519.' };
  }
});

/**
 * A peer's public key, from PEM (SubjectPublicKeyInfo or PKCS#1).
 *
 * RSA is accepted from 2048 to 8192 bits. ActivityPub software makes keys of 2048 bits or more, and NIST SP 800-131A has
 * disallowed less since 2014; above 8192 a verification costs more than the request is worth.
 */
export function importPublicKey(pem: string): PublicKeyResult {
  // An 8192-bit key takes 1.5 kB; what is much longer would only fill the memory of the keys used last.
  return pem.length > 4_096 ? { kind: 'refused', reason: 'The public key is too long.' } : publicKey(pem);
}
