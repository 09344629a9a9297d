import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@heliograph/platform';
import { backoff } from '../backoff.ts';
import { describeError } from '../describe-error.ts';
import { BusUnavailableError, type SubscribeOptions } from '../port.ts';
import { Lane } from '../hand-out/lane.ts';
import type { Membership, Seat } from './membership.ts';
import type { MessageLog } from './message-log.ts';
import type { Reader } from '../hand-out/reader.ts';
import { shareOf } from '../hand-out/share.ts';
import type { Topic } from './topic-table.ts';

const log = createLogger('event-bus');

export interface GroupMemberOptions {
  readonly group: string;
  readonly topics: readonly Topic[];
  readonly membership: Membership;
  readonly log: MessageLog;
  readonly reader: Reader;
  readonly subscribe: Pick<SubscribeOptions, 'onBatch' | 'startAt'>;
  readonly committed: (topic: Topic, partitionId: number) => void;
}

/** A partition that is locked for this member. */
interface Owned {
  readonly topic: Topic;
  readonly partition: number;
  readonly partitionId: number;
  /** Aborted when it is given back or lost, so that a lane that has not begun never does. */
  readonly ended: AbortController;
  lane: Lane | null;
  startFails: boolean;
  /** The lock ended with its session. */
  lost: boolean;
}

/** Owns its share of a group's partitions, takes what is free and gives back what is another's. */
export class GroupMember {
  readonly #options: GroupMemberOptions;
  readonly #seats: readonly Seat[];
  readonly #owned = new Map<number, Owned>();
  /** Given back, but their last batch still runs. */
  readonly #leaving = new Map<Owned, Promise<void>>();
  #joined = false;
  /** Counts losses of the session: what was learned on a session that is gone by now is not acted upon. */
  #losses = 0;
  #closed = false;
  #tending: Promise<void> | null = null;
  #again = false;

  constructor(options: GroupMemberOptions) {
    this.#options = options;
    const member = randomUUID();
    this.#seats = options.topics.map(({ definition }) => ({ group: options.group, topic: definition.name, member }));
  }

  get group(): string {
    return this.#options.group;
  }

  get ready(): boolean {
    return this.#joined && [...this.#owned.values()].every(({ startFails }) => !startFails);
  }

  /** Joins if it has not, and brings what it owns in line with its share. @throws BusUnavailableError */
  async tend(): Promise<void> {
    this.#again = true;
    this.#tending ??= this.#tend().finally(() => (this.#tending = null));
    await this.#tending;
  }

  /** The session is gone: others may own the partitions already. */
  lost(): void {
    this.#joined = false;
    this.#losses += 1;
    for (const owned of [...this.#owned.values(), ...this.#leaving.keys()]) {
      owned.lost = true;
      owned.ended.abort();
      owned.lane?.lose();
      if (owned.lane) void this.#options.reader.remove(owned.lane);
    }
    this.#owned.clear();
    this.#leaving.clear();
  }

  /** Finishes running batches and gives everything back. @throws BusUnavailableError when the session broke; it is all free then anyway. */
  async leave(): Promise<void> {
    this.#closed = true;
    await this.#tending?.catch(() => undefined);
    for (const owned of this.#owned.values()) this.#giveBack(owned);
    await Promise.all(this.#leaving.values());
    if (this.#joined) await this.#options.membership.leave(this.#seats);
    this.#joined = false;
  }

  async #tend(): Promise<void> {
    const { membership, group } = this.#options;
    while (this.#again && !this.#closed) {
      this.#again = false;
      const losses = this.#losses;
      if (!this.#joined) {
        await membership.join(this.#seats);
        this.#joined = losses === this.#losses;
      }
      const share = await this.#share();
      for (const owned of this.#owned.values()) if (!share.has(owned.partitionId)) this.#giveBack(owned);
      const missing = [...share.keys()].filter((id) => !this.#owned.has(id));
      if (missing.length === 0) continue;
      const taken = await membership.lock(group, missing);
      if (losses !== this.#losses) throw new BusUnavailableError('the session of the event bus was lost');
      for (const id of taken) {
        const owned = share.get(id)!;
        this.#owned.set(id, owned);
        void this.#begin(owned);
      }
    }
  }

  /** What this member should own. */
  async #share(): Promise<ReadonlyMap<number, Owned>> {
    const membersOf = await this.#options.membership.members(this.#seats);
    const share = new Map<number, Owned>();
    this.#options.topics.forEach((topic, i) => {
      const seat = this.#seats[i]!;
      const members = membersOf(seat);
      if (!members.includes(seat.member)) {
        this.#joined = false;
        throw new BusUnavailableError('the membership of the event bus was taken back');
      }
      for (const partition of shareOf(seat.member, members, topic.partitionIds.length)) {
        const partitionId = topic.partitionIds[partition]!;
        share.set(partitionId, { topic, partition, partitionId, ended: new AbortController(), lane: null, startFails: false, lost: false });
      }
    });
    return share;
  }

  /** Finds out where to start, for as long as it takes, and starts. */
  async #begin(owned: Owned): Promise<void> {
    const { signal } = owned.ended;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const position = await this.#startOf(owned);
        if (signal.aborted) return;
        owned.startFails = false;
        owned.lane = this.#lane(owned, position);
        this.#options.reader.add(owned.lane);
        return;
      } catch (error) {
        owned.startFails = true;
        if (failures === 0) log.warn({ topic: owned.topic.definition.name, partition: owned.partition, reason: describeError(error) }, 'cannot start a partition; trying again');
        await sleep(backoff(failures), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #startOf({ topic, partition, partitionId }: Owned): Promise<bigint> {
    const [extent] = await this.#options.log.extents([partitionId], this.group);
    if (!extent) throw new Error(`no partition ${partitionId}`);
    const { start, end, committed } = extent;
    const wanted = (await this.#options.subscribe.startAt?.(topic.definition.name, partition, committed)) ?? committed ?? start;
    return wanted < start ? start : wanted > end ? end : wanted;
  }

  #lane({ topic, partition, partitionId }: Owned, position: bigint): Lane {
    const { subscribe, log: messages, committed } = this.#options;
    return new Lane({
      topic: topic.definition.name,
      partition,
      partitionId,
      position,
      onBatch: subscribe.onBatch,
      store: async (next) => {
        await messages.commit(this.group, partitionId, next);
        committed(topic, partitionId);
      },
    });
  }

  #giveBack(owned: Owned): void {
    this.#owned.delete(owned.partitionId);
    owned.ended.abort();
    owned.lane?.end();
    const leaving = this.#finish(owned).catch((error: unknown) => log.debug({ reason: describeError(error) }, 'a partition was not given back'));
    this.#leaving.set(owned, leaving);
    void leaving.then(() => this.#leaving.delete(owned));
  }

  async #finish(owned: Owned): Promise<void> {
    const { membership, reader } = this.#options;
    if (owned.lane) await reader.remove(owned.lane);
    if (owned.lost) return;
    await membership.unlock(this.group, [owned.partitionId]);
    await membership.announce(this.#seats.filter(({ topic }) => topic === owned.topic.definition.name));
  }
}
