import { invalid, isObject, list, own, readIri, readReference, type Invalid, type JsonObject } from './json.ts';

/** A key as it is published (the security vocabulary's `Key`). That it is a usable key is for whoever verifies with it. */
export interface PublicKey {
  readonly id: string;
  /** The actor it says it belongs to; believe it only when that actor's document names the key. */
  readonly owner: string;
  readonly publicKeyPem: string;
}

/** An RSA key of 16,384 bits takes some 2,800 characters. */
const MAX_PEM_LENGTH = 8192;
const PEM = /^\s*-----BEGIN (?:RSA )?PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END (?:RSA )?PUBLIC KEY-----\s*$/;

/**
 * Reads what a `keyId` resolves to when that is not the actor's document: a key by itself, or (GoToSocial) a stub of its actor
 * that says little more than the key.
 */
export function readKeyDocument(json: unknown, keyId: string): { readonly kind: 'key'; readonly key: PublicKey } | Invalid {
  if (!isObject(json)) return invalid('', 'The key document must be one JSON object.');
  const documentId = readIri(own(json, 'id'));
  const keys = [readPublicKey(json, null), ...(documentId === null ? [] : readPublicKeys(json, documentId))];
  const key = keys.find((candidate) => candidate?.id === keyId) ?? null;
  return key === null ? invalid('id', 'The document holds no public key, with an owner, of the id that was asked for.') : { kind: 'key', key };
}

/** The keys inlined in an actor document; a key that does not say whose it is belongs to that actor. */
export const readPublicKeys = (json: JsonObject, actor: string): readonly PublicKey[] =>
  list(own(json, 'publicKey')).map((key) => (isObject(key) ? readPublicKey(key, actor) : null)).filter((key) => key !== null);

function readPublicKey(json: JsonObject, defaultOwner: string | null): PublicKey | null {
  const id = readIri(own(json, 'id'));
  const named = own(json, 'owner');
  const owner = named === undefined ? defaultOwner : readReference(named);
  const publicKeyPem = own(json, 'publicKeyPem');
  if (id === null || owner === null || typeof publicKeyPem !== 'string') return null;
  return publicKeyPem.length <= MAX_PEM_LENGTH && PEM.test(publicKeyPem) ? { id, owner, publicKeyPem } : null;
}
