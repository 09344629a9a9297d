import { Accounts } from '@heliograph/accounts';
import type { PostOutcome } from '@heliograph/delivery-policy';
import { type RequestToSign, signMessage, signRequest } from '@heliograph/http-signatures';
import { SafeHttp, SafeHttpError } from '@heliograph/safe-http';
import { Inject, Injectable } from '@nestjs/common';
import type { Keys, Outgoing } from './ports.ts';
import { type SignatureForm, SignatureForms } from './signature-forms.ts';

/** For everything that a POST takes, in milliseconds. */
const TIMEOUT_MS = 10_000;
/** Answers are looked at for their status only. */
const MAX_ANSWER_BYTES = 65_536;

/** Signs activities and posts them. */
@Injectable()
export class Poster {
  readonly #forms = new SignatureForms();

  constructor(
    @Inject(Accounts) private readonly keys: Keys,
    @Inject(SafeHttp) private readonly http: Outgoing,
  ) {}

  /**
   * Signed in the form that the host takes. One that answers 401, or 400, may have meant the form: then the other is tried, once.
   * @returns null when the sender has no key (any more)
   * @throws the reason of `signal` when that aborts
   */
  async post(sender: string, inbox: string, activity: object, signal: AbortSignal): Promise<PostOutcome | null> {
    const key = await this.keys.signingKey(sender);
    if (!key) return null;
    const { host } = new URL(inbox);
    const request: RequestToSign = { method: 'POST', url: inbox, body: Buffer.from(JSON.stringify(activity)), ...key, date: new Date() };
    const [form, other] = this.#forms.of(host);
    const outcome = await this.#send(request, form!, signal);
    if (!other || !mayMeanTheForm(outcome)) return outcome;
    const again = await this.#send(request, other, signal);
    if (!isTaken(again)) {
      if (mayMeanTheForm(again)) this.#forms.bothRefused(host);
      return outcome;
    }
    this.#forms.worked(host, other);
    return again;
  }

  async #send(request: RequestToSign, form: SignatureForm, signal: AbortSignal): Promise<PostOutcome> {
    const signed = form === 'cavage' ? signRequest(request) : signMessage(request);
    const headers = { ...signed, 'Content-Type': 'application/activity+json', Accept: 'application/activity+json, application/json' };
    try {
      const { url, body } = request;
      const answer = await this.http.request({ method: 'POST', url, headers, body, timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES, discardBody: true, signal });
      return { kind: 'answered', status: answer.status, retryAfter: [answer.headers['retry-after'] ?? []].flat()[0] ?? null };
    } catch (error) {
      if (error instanceof SafeHttpError) return outcomeOf(error);
      throw error;
    }
  }
}

const mayMeanTheForm = (outcome: PostOutcome): boolean => outcome.kind === 'answered' && (outcome.status === 401 || outcome.status === 400);
const isTaken = (outcome: PostOutcome): boolean => outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300;

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
