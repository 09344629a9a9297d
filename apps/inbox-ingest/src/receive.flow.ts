import { type ReadActivity, readActivity } from '@heliograph/activitypub';
import { BusUnavailableError, type EventBus } from '@heliograph/event-bus';
import { createLogger, readJson } from '@heliograph/platform';
import { Inject, Injectable } from '@nestjs/common';
import { BUS } from './tokens.ts';
import { type OutgoingMessage, Translator, type WellFormed } from './translate.ts';
import { count, refuse } from './verdict.ts';
import { type IncomingRequest, Verifier } from './verify.ts';

const log = createLogger('inbox-ingest');

/**
 * One request to an inbox, stage by stage: read → verify the signature → authorise → translate → bus. (The size limit comes before, in
 * the HTTP server.) The answer is 202 once the bus has what follows from the activity; every refusal is a problem document.
 */
@Injectable()
export class ReceiveFlow {
  constructor(
    @Inject(Verifier) private readonly verifier: Verifier,
    @Inject(Translator) private readonly translator: Translator,
    @Inject(BUS) private readonly bus: EventBus,
  ) {}

  /** @throws Problem 400 unreadable, 401 signature, 403 not yours, 422 a field, 503 key or bus not there just now. */
  async receive(request: IncomingRequest): Promise<void> {
    const activity = read(request.body);
    const isLast = activity.kind === 'delete-actor';
    if (isLast && !(await this.verifier.knows(activity.actor))) return count('ignored');
    const sender = await this.verifier.verify(request, isLast);
    const { messages, remember } = await this.translator.translate(wellFormed(activity), sender, request.recipient);
    await this.#publish(messages);
    await remember?.();
    count(messages.length > 0 ? 'recorded' : 'ignored');
    log.debug({ kind: activity.kind, actor: sender.iri, messages: messages.length }, 'received');
  }

  async #publish(messages: readonly OutgoingMessage[]): Promise<void> {
    try {
      for (const { topic, key, value } of messages) await this.bus.publish(topic, [{ key, value }]);
    } catch (error) {
      if (!(error instanceof BusUnavailableError)) throw error;
      throw refuse('bus-unavailable', 503, 'The activity could not be stored just now; send it again.', { retryAfter: 30 });
    }
  }
}

type Readable = Exclude<ReadActivity, { kind: 'unreadable' }>;

function read(body: Buffer): Readable {
  let json: unknown;
  try {
    json = readJson(body);
  } catch (error) {
    count('unreadable');
    throw error;
  }
  const activity = readActivity(json);
  if (activity.kind === 'unreadable') throw refuse('unreadable', 400, activity.detail);
  return activity;
}

/** Asked after the signature: who cannot sign learns nothing about how we read. */
function wellFormed(activity: Readable): WellFormed {
  if (activity.kind === 'invalid') throw refuse('invalid', 422, activity.detail, { field: activity.field });
  if (activity.kind === 'not-yours') throw refuse('forbidden', 403, activity.detail, { field: activity.field });
  return activity;
}
