import { type Codec, codec, exactly, nullable, type Schema, text } from './codec.ts';
import type { GraphMessage, StatusRecorded, StatusSubmitted } from './messages.ts';

const origin: Schema = { enum: ['local', 'remote'] };
const flag: Schema = { type: 'boolean' };
const event = (type: string, data: Record<string, Schema>, metadata: Record<string, Schema> | null): Schema =>
  exactly({
    type: { const: type },
    data: exactly({ actor: text, ...data }),
    ...(metadata ? { metadata: exactly(metadata) } : {}),
  });

const statusEvent = (type: StatusSubmitted['type'], data: Record<string, Schema>): Schema =>
  event(type, data, { eventId: text, receivedAt: text, origin });
const content = exactly({
  text,
  language: nullable(text),
  attachment: nullable(exactly({ href: text, name: nullable(text) })),
});

export const statusSubmitted: Codec<StatusSubmitted> = codec<StatusSubmitted>(1, {
  StatusPublished: statusEvent('StatusPublished', { statusId: text, published: text, content, endTime: nullable(text), keep: flag }),
  StatusRemoved: statusEvent('StatusRemoved', { statusId: text }),
  StatusDeleted: statusEvent('StatusDeleted', { statusId: text }),
  StatusSeenAbsent: statusEvent('StatusSeenAbsent', { cutoff: text }),
  HistoryErased: statusEvent('HistoryErased', { asOf: text }),
  ActorDeleted: statusEvent('ActorDeleted', {}),
});

export const statusRecorded: Codec<StatusRecorded> = codec<StatusRecorded>(1, {
  StatusRecorded: event(
    'StatusRecorded',
    {
      eventId: text,
      kind: { enum: ['StatusPublished', 'StatusRemoved', 'StatusDeleted', 'StatusSeenAbsent', 'HistoryErased', 'ActorDeleted'] },
      statusId: nullable(text),
      published: nullable(text),
      origin,
    },
    null,
  ),
});

const mailbox = exactly({ actor: text, inbox: text, sharedInbox: nullable(text) });
const graphEvent = (type: GraphMessage['type'], data: Record<string, Schema>): Schema => event(type, { at: text, ...data }, null);

export const graph: Codec<GraphMessage> = codec<GraphMessage>(1, {
  FollowReceived: graphEvent('FollowReceived', { follower: mailbox, followId: text, activity: { type: 'object' } }),
  FollowApprovalRequested: graphEvent('FollowApprovalRequested', { follower: mailbox, followId: text }),
  FollowerAnswered: graphEvent('FollowerAnswered', { follower: text, followId: text, accepted: flag }),
  FollowUndone: graphEvent('FollowUndone', { follower: text, followId: nullable(text) }),
  FollowRequested: graphEvent('FollowRequested', { target: mailbox, followId: text }),
  UnfollowRequested: graphEvent('UnfollowRequested', { target: text }),
  FollowAnswered: graphEvent('FollowAnswered', { target: text, followId: nullable(text), accepted: flag }),
  BlockRequested: graphEvent('BlockRequested', { target: mailbox, blockId: text }),
  UnblockRequested: graphEvent('UnblockRequested', { target: text }),
  BlockReceived: graphEvent('BlockReceived', { blocker: text, blockId: nullable(text) }),
  BlockUndone: graphEvent('BlockUndone', { blocker: text, blockId: nullable(text) }),
  RemoteActorMoved: graphEvent('RemoteActorMoved', { target: mailbox }),
  RemoteActorSought: graphEvent('RemoteActorSought', {}),
  RemoteActorGone: graphEvent('RemoteActorGone', {}),
  AccountDeleted: graphEvent('AccountDeleted', {}),
});
