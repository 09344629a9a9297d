import type { GraphMessage, Mailbox } from '@heliograph/contracts';
import type { EntityManager } from 'typeorm';
import { ActorRules } from './rules/actor-rules.ts';
import { BlockRules } from './rules/block-rules.ts';
import { FollowRules } from './rules/follow-rules.ts';
import { type Effect, GraphWriter } from './rules/graph-writer.ts';

export interface ApplyResult {
  /** Jobs that are due now. */
  readonly jobs: number;
  /** Messages without effect, because of what they say: ids that no table takes, mailboxes nobody can post to. */
  readonly unusable: number;
}

/** Longest IRI, in bytes: three of them fit a row of an index. */
const MAX_IRI_BYTES = 1000;

/** @param traces of the messages (W3C Trace Context), for those that have one */
export async function applyGraph(manager: EntityManager, publicUrl: string, messages: readonly GraphMessage[], traces: readonly (string | null)[] = []): Promise<ApplyResult> {
  const graph = new GraphTransaction(manager, publicUrl);
  let jobs = 0;
  let unusable = 0;
  for (const [i, message] of messages.entries()) {
    const effect = await graph.apply(message, traces[i] ?? null);
    if (effect === 'unusable') unusable += 1;
    else jobs += effect.jobs;
  }
  return { jobs, unusable };
}

/** The rules of the graph, one message at a time. */
class GraphTransaction {
  readonly #writer: GraphWriter;
  readonly #follows: FollowRules;
  readonly #blocks: BlockRules;
  readonly #actors: ActorRules;

  constructor(manager: EntityManager, publicUrl: string) {
    const writer = new GraphWriter(manager, publicUrl);
    this.#writer = writer;
    this.#follows = new FollowRules(writer);
    this.#blocks = new BlockRules(writer);
    this.#actors = new ActorRules(writer, this.#blocks);
  }

  async apply({ type, data }: GraphMessage, traceparent: string | null): Promise<Effect> {
    this.#writer.traceparent = traceparent;
    if (!iris(data).every(isUsable) || !isTime(data.at)) return 'unusable';
    switch (type) {
      case 'FollowReceived':
        return this.#follows.received(data);
      case 'FollowApprovalRequested':
        return this.#follows.approvalRequested(data);
      case 'FollowerAnswered':
        return this.#follows.decided(data);
      case 'FollowUndone':
        return this.#follows.undone(data);
      case 'FollowRequested':
        return this.#follows.requested(data);
      case 'UnfollowRequested':
        return this.#follows.unfollowRequested(data);
      case 'FollowAnswered':
        return this.#follows.answered(data);
      case 'BlockRequested':
        return this.#blocks.requested(data);
      case 'UnblockRequested':
        return this.#blocks.unblockRequested(data);
      case 'BlockReceived':
        return this.#blocks.received(data);
      case 'BlockUndone':
        return this.#blocks.undone(data);
      case 'RemoteActorMoved':
        return this.#actors.moved(data);
      case 'RemoteActorSought':
        return this.#actors.sought(data);
      case 'RemoteActorGone':
        return this.#actors.gone(data.actor);
      case 'AccountDeleted':
        return this.#actors.accountDeleted(data);
      default:
        return type satisfies never;
    }
  }
}

/** Everything in a message that becomes part of a key. */
function iris(data: GraphMessage['data']): readonly string[] {
  const mailbox = (value: Mailbox | string): string => (typeof value === 'string' ? value : value.actor);
  return [
    data.actor,
    ...('follower' in data ? [mailbox(data.follower)] : []),
    ...('target' in data ? [mailbox(data.target)] : []),
    ...('blocker' in data ? [data.blocker] : []),
    ...('followId' in data && data.followId !== null ? [data.followId] : []),
    ...('blockId' in data && data.blockId !== null ? [data.blockId] : []),
  ];
}

/** PostgreSQL takes no NUL, no half of a surrogate pair, and no key beyond a third of a page. */
const isUsable = (iri: string): boolean => iri !== '' && Buffer.byteLength(iri) <= MAX_IRI_BYTES && !iri.includes('\0') && iri.isWellFormed();

const isTime = (at: string): boolean => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(at) && !Number.isNaN(Date.parse(at));
