import type { Subscription } from '../port.ts';
import type { GroupMember } from './group-member.ts';
import type { Reader } from '../hand-out/reader.ts';
import type { BusSession } from './session.ts';

export interface EmbeddedSubscriptionOptions {
  readonly topics: readonly string[];
  readonly session: BusSession;
  readonly reader: Reader;
  /** Null without a group. */
  readonly member: GroupMember | null;
  readonly closed: (subscription: EmbeddedSubscription) => void;
}

/** What `PostgresEventBus.subscribe` gives out. */
export class EmbeddedSubscription implements Subscription {
  readonly #options: EmbeddedSubscriptionOptions;
  #closing: Promise<void> | null = null;

  constructor(options: EmbeddedSubscriptionOptions) {
    this.#options = options;
  }

  get topics(): readonly string[] {
    return this.#options.topics;
  }

  get member(): GroupMember | null {
    return this.#options.member;
  }

  get ready(): boolean {
    const { session, reader, member } = this.#options;
    return !this.#closing && session.alive && !reader.failing && (member?.ready ?? true);
  }

  pause(topics = this.topics): void {
    this.#options.reader.pause(topics);
  }

  resume(topics = this.topics): void {
    this.#options.reader.resume(topics);
  }

  /** Messages may have come. */
  read(): void {
    this.#options.reader.read();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { reader, member, closed } = this.#options;
    await reader.close();
    // A session that broke has given everything back by itself.
    await member?.leave().catch(() => undefined);
    closed(this);
  }
}
