import { Accounts } from '@heliograph/accounts';
import type { PostOutcome } from '@heliograph/delivery-policy';
import { signRequest } from '@heliograph/http-signatures';
import { SafeHttp, SafeHttpError } from '@heliograph/safe-http';
import { Inject, Injectable } from '@nestjs/common';
import type { Keys, Outgoing } from './ports.ts';

/** For everything that a POST takes, in milliseconds. */
const TIMEOUT_MS = 10_000;
/** Answers are looked at for their status only. */
const MAX_ANSWER_BYTES = 65_536;

/** Signs activities and posts them. */
@Injectable()
export class Poster {
  constructor(
    @Inject(Accounts) private readonly keys: Keys,
    @Inject(SafeHttp) private readonly http: Outgoing,
  ) {}

  /**
   * @returns null when the sender has no key (any more)
   * @throws the reason of `signal` when that aborts
   */
  async post(sender: string, inbox: string, activity: object, signal: AbortSignal): Promise<PostOutcome | null> {
    const key = await this.keys.signingKey(sender);
    if (!key) return null;
    const body = Buffer.from(JSON.stringify(activity));
    const signed = signRequest({ method: 'POST', url: inbox, body, keyId: key.keyId, privateKeyPem: key.privateKeyPem, date: new Date() });
    const headers = { ...signed, 'Content-Type': 'application/activity+json', Accept: 'application/activity+json, application/json' };
    try {
      const answer = await this.http.request({ method: 'POST', url: inbox, headers, body, timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES, discardBody: true, signal });
      return { kind: 'answered', status: answer.status, retryAfter: [answer.headers['retry-after'] ?? []].flat()[0] ?? null };
    } catch (error) {
      if (error instanceof SafeHttpError) return outcomeOf(error);
      throw error;
    }
  }
}

function outcomeOf({ kind, message }: SafeHttpError): PostOutcome {
  const reason = `${kind}: ${message}`;
  switch (kind) {
    case 'unreachable':
    case 'timeout':
    case 'bad-response':
    case 'too-large':
      return { kind: 'no-answer', reason };
    case 'refused':
    case 'too-many-redirects':
      return { kind: 'not-allowed', reason };
    default:
      return kind satisfies never;
  }
}
