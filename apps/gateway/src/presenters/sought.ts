import { createLogger } from '@heliograph/platform';
import { Inject, Injectable } from '@nestjs/common';
import { Submit } from '../commands/submit.ts';

const log = createLogger('gateway');
/** Delivery looks no more often at somebody for whom nobody waits; this saves the messages. */
const AGAIN_MS = 3_600_000;
const REMEMBERED = 10_000;

/** Which remote actors people here want to see: what they show is then taken in, with their history (ADR 0014). */
@Injectable()
export class Sought {
  /** When, by the process's monotonic clock; the oldest first. */
  readonly #noted = new Map<string, number>();

  constructor(@Inject(Submit) private readonly submit: Submit) {}

  /** Somebody looked for the remote actor. Nobody waits for what follows from it. */
  note(actor: string): void {
    const now = performance.now();
    if (now - (this.#noted.get(actor) ?? -Infinity) < AGAIN_MS) return;
    this.#noted.delete(actor);
    this.#noted.set(actor, now);
    if (this.#noted.size > REMEMBERED) this.#noted.delete(this.#noted.keys().next().value!);
    this.submit.announce({ type: 'RemoteActorSought', data: { actor, at: new Date().toISOString() } }).catch((error: unknown) => {
      this.#noted.delete(actor);
      log.warn({ err: error, actor }, 'could not ask for a look at a remote actor; the next look-up does');
    });
  }
}
