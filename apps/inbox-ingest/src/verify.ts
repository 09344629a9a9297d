import { type RemoteActor, RemoteActors } from '@heliograph/actors';
import { checkSignedRequest, readRequestSignature, type RequestSignature, verifySignedRequest } from '@heliograph/http-signatures';
import { Inject, Injectable } from '@nestjs/common';
import { HOSTS, PUBLIC_URL } from './tokens.ts';
import { refuse } from './verdict.ts';

export interface IncomingRequest {
  /** Path with the query, as requested. */
  readonly path: string;
  /** As `http.IncomingMessage.headersDistinct`: every value of every header. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Exactly what was sent: the digest is over these bytes. */
  readonly body: Buffer;
  /** Name in `/users/NAME/inbox`; null for the shared inbox. */
  readonly recipient: string | null;
}

/** Who signed the request. The answer waits for it: senders that are told 202 never send again. */
@Injectable()
export class Verifier {
  readonly #scheme: 'http' | 'https';

  constructor(
    @Inject(RemoteActors) private readonly actors: RemoteActors,
    @Inject(HOSTS) private readonly hosts: readonly string[],
    @Inject(PUBLIC_URL) publicUrl: string,
  ) {
    this.#scheme = publicUrl.startsWith('https:') ? 'https' : 'http';
  }

  /** Whether this actor was ever heard of: a Delete of one who was not needs no key. */
  async knows(iri: string): Promise<boolean> {
    return this.actors.heardOf(iri);
  }

  /**
   * The actor whose key signed the request.
   * @param isLast whether it is the actor's own Delete: its server may say already that there is no such actor, and the key we had counts.
   * @throws Problem 401, or 503 when the key cannot be fetched just now.
   */
  async verify(request: IncomingRequest, isLast: boolean): Promise<RemoteActor> {
    const signature = parse(request);
    const checked = { method: 'POST', path: request.path, headers: request.headers, body: request.body, signature, now: new Date(), hosts: this.hosts, scheme: this.#scheme } as const;
    // All that needs no key comes first: a stale or altered request costs nobody a fetch.
    const early = checkSignedRequest(checked);
    if (early.kind === 'invalid') throw refuse('signature', 401, early.reason);
    const known = await this.#key(signature.keyId, { evenIfGone: isLast });
    const verdict = verifySignedRequest({ ...checked, publicKeyPem: known.pem });
    if (verdict.kind === 'valid') return known.actor;
    const fresh = known.fetched ? known : await this.#key(signature.keyId, { refetch: true, evenIfGone: isLast });
    // Rotated since we saw it.
    if (fresh.pem !== known.pem && verifySignedRequest({ ...checked, publicKeyPem: fresh.pem }).kind === 'valid') return fresh.actor;
    throw refuse('signature', 401, verdict.reason);
  }

  async #key(keyId: string, options: Parameters<RemoteActors['key']>[1]): Promise<{ pem: string; actor: RemoteActor; fetched: boolean }> {
    const outcome = await this.actors.key(keyId, options);
    switch (outcome.kind) {
      case 'key':
        return outcome;
      case 'gone':
        throw refuse('signature', 401, `The key ${keyId} does not exist.`);
      case 'refused':
        throw refuse('signature', 401, `The key ${keyId} cannot be used: ${outcome.reason}`);
      case 'unavailable':
        throw refuse('key-unavailable', 503, `The key ${keyId} could not be fetched just now; send the activity again.`, { retryAfter: outcome.retryAfterSeconds });
      default:
        return outcome satisfies never;
    }
  }
}

function parse(request: IncomingRequest): RequestSignature {
  const signature = readRequestSignature(request.headers);
  switch (signature.kind) {
    case 'signature':
      return signature.value;
    case 'missing':
      throw refuse('signature', 401, 'The request has no Signature header; activities must be signed (draft-cavage-http-signatures-12, or RFC 9421).');
    case 'malformed':
      throw refuse('signature', 401, signature.reason);
    default:
      return signature satisfies never;
  }
}
