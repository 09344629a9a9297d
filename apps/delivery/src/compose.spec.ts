import type { JobTask, LeasedJob } from '@heliograph/social-graph';
import type { ReadEvent, ReadStatus } from '@heliograph/status-store';
import { Composer } from './compose.ts';
import type { Relations, Statuses } from './ports.ts';

const publicUrl = 'https://here.example';
const alice = `${publicUrl}/users/alice`;
const carol = 'https://far.example/carol';
const statusId = `${alice}/statuses/7`;
const now = new Date('2026-01-05T12:00:00.000Z');
const content = { text: 'is reading', language: null, attachment: null };

const event = (kind: ReadEvent['kind'], more: Partial<ReadEvent> = {}): ReadEvent => ({
  eventId: 'e1',
  kind,
  statusId,
  receivedAt: '2026-01-05T11:00:00.500Z',
  content,
  published: '2026-01-05T11:00:00.000Z',
  endTime: null,
  ...more,
});
const status = (eventId: string, id = statusId): ReadStatus => ({
  actor: alice,
  statusId: id,
  content,
  published: '2026-01-05T11:00:00.000Z',
  publishedRaw: '2026-01-05T11:00:00.000Z',
  endTime: null,
  state: 'current',
  keep: true,
  eventId,
  origin: 'local',
});
const job = (task: JobTask, attempts = 0): LeasedJob => ({
  id: '1',
  actor: alice,
  eventId: 'e1',
  task,
  inbox: 'https://far.example/inbox',
  host: 'far.example',
  attempts,
  firstAttemptAt: null,
  traceparent: null,
});

interface World {
  readonly event?: ReadEvent | null;
  readonly current?: ReadStatus | null;
  readonly audience?: boolean;
  readonly follower?: boolean;
  readonly followId?: string | null;
  readonly blockId?: string | null;
}

function compose(task: JobTask, world: World, attempts = 0) {
  const { event: recorded = null, current = null, audience = true, follower = true, followId = null, blockId = null } = world;
  const statuses: Statuses = { eventContent: async () => recorded, current: async () => current };
  const relations: Relations = {
    isAudience: async () => audience,
    isFollower: async () => follower,
    followingState: async () => (followId === null ? null : { state: 'requested', followId }),
    blockOf: async () => blockId,
    dropMailbox: async () => 0,
  };
  return new Composer(statuses, relations, { publicUrl }).compose(job(task, attempts), now);
}
const outcome = async (...of: Parameters<typeof compose>) => {
  const composed = await compose(...of);
  return composed.kind === 'cancelled' ? composed.reason : (composed.activity as { type: string }).type;
};

describe('a status that was published', () => {
  const published = event('StatusPublished');
  const other = status('e2', `${alice}/statuses/8`);

  test('goes out as Create', async () => {
    expect(await compose({ kind: 'status' }, { event: published, current: status('e1') })).toMatchObject({
      kind: 'activity',
      activity: {
        type: 'Create',
        id: `${statusId}/create`,
        actor: alice,
        to: [`${alice}/followers`],
        object: { type: 'ActorStatus', id: statusId, attributedTo: alice, content: 'is reading', published: '2026-01-05T11:00:00.000Z' },
      },
    });
  });

  test.each<[string, World, number, string]>([
    ['is unknown', { event: null }, 0, 'not in the log'],
    ['is erased', { event: event('StatusPublished', { content: null }), current: other }, 0, 'erased'],
    ['expires just now', { event: event('StatusPublished', { endTime: '2026-01-05T12:00:00Z' }), current: status('e1') }, 0, 'expired'],
    ['expires later', { event: event('StatusPublished', { endTime: '2026-01-05T12:00:01Z' }), current: status('e1') }, 0, 'Create'],
    ['has lost its followers there', { event: published, current: status('e1'), audience: false }, 0, 'nobody follows from there'],
    ['was removed', { event: published, current: null }, 0, 'superseded'],
    ['was superseded and kept, before it was tried', { event: published, current: other }, 0, 'Create'],
    ['was superseded and kept, after it failed', { event: published, current: other }, 1, 'superseded'],
    ['is current after it failed', { event: published, current: status('e1') }, 9, 'Create'],
  ])('when it %s', async (_, world, attempts, expected) => {
    expect(await outcome({ kind: 'status' }, world, attempts)).toBe(expected);
  });
});

describe('Remove and Delete', () => {
  test('inline the status, with empty text where it is erased', async () => {
    const erased = { content: null, published: null };
    expect(await compose({ kind: 'status' }, { event: event('StatusDeleted', erased) })).toMatchObject({
      activity: {
        type: 'Delete',
        id: `${statusId}/delete`,
        object: { type: 'ActorStatus', id: statusId, attributedTo: alice, content: '', published: '2026-01-05T11:00:00.500Z' },
      },
    });
    expect(await compose({ kind: 'status' }, { event: event('StatusRemoved') })).toMatchObject({
      activity: { type: 'Remove', id: `${statusId}/remove`, object: { content: 'is reading' } },
    });
  });

  const other = status('e2', `${alice}/statuses/8`);
  test.each<[string, ReadEvent['kind'], World, number, string]>([
    ['a Remove to former followers', 'StatusRemoved', { audience: false }, 0, 'Remove'],
    ['a Remove before the next status', 'StatusRemoved', { current: other }, 0, 'Remove'],
    ['a Remove that the next status may have overtaken', 'StatusRemoved', { current: other }, 1, 'superseded'],
    ['a Remove that failed', 'StatusRemoved', { current: null }, 1, 'Remove'],
    ['a Delete, whatever happened', 'StatusDeleted', { current: other, audience: false }, 1, 'Delete'],
    ['a history that was erased', 'HistoryErased', {}, 0, 'nothing to tell'],
  ])('%s', async (_, kind, world, attempts, expected) => {
    expect(await outcome({ kind: 'status' }, { ...world, event: event(kind) }, attempts)).toBe(expected);
  });
});

const currentStatus: JobTask = { kind: 'current-status', follower: carol };
const accept: JobTask = { kind: 'accept', follower: carol, followId: 'f1' };
const follow: JobTask = { kind: 'follow', target: carol, followId: 'f1' };
const undo: JobTask = { kind: 'undo-follow', target: carol, followId: 'f1' };
const reject: JobTask = { kind: 'reject', follower: carol, followId: 'f1' };
const block: JobTask = { kind: 'block', target: carol, blockId: 'b1' };
const undoBlock: JobTask = { kind: 'undo-block', target: carol, blockId: 'b1' };

test.each<[string, JobTask, World, number, string]>([
  ['the current status for a new follower', currentStatus, { current: status('e1') }, 0, 'Create'],
  ['the current status when there is none', currentStatus, { current: null }, 0, 'no status'],
  ['the current status for a former follower', currentStatus, { current: status('e1'), follower: false }, 0, 'follows no more'],
  ['an Accept', accept, {}, 0, 'Accept'],
  ['an Accept for a former follower', accept, { follower: false }, 0, 'follows no more'],
  ['a Follow', follow, { followId: 'f1' }, 0, 'Follow'],
  ['a Follow that a newer one replaced', follow, { followId: 'f2' }, 0, 'follows no more'],
  ['a Follow that was taken back', follow, {}, 0, 'follows no more'],
  ['an Undo before the next Follow', undo, { followId: 'f2' }, 0, 'Undo'],
  ['an Undo that the next Follow may have overtaken', undo, { followId: 'f2' }, 1, 'follows again'],
  ['an Undo that failed', undo, {}, 5, 'Undo'],
  ['a Reject', reject, { follower: false }, 0, 'Reject'],
  ['a Reject of one who has followed again since', reject, { follower: true }, 1, 'follows again'],
  ['a Block', block, { blockId: 'b1' }, 0, 'Block'],
  ['a Block that was taken back', block, {}, 0, 'blocks no more'],
  ['a Block that a newer one replaced', block, { blockId: 'b2' }, 0, 'blocks no more'],
  ['the Undo of a Block', undoBlock, {}, 3, 'Undo'],
  ['the Undo of a Block that the next Block may have overtaken', undoBlock, { blockId: 'b2' }, 1, 'blocks again'],
  ['the Delete of an account', { kind: 'account-deleted' }, {}, 3, 'Delete'],
])('%s', async (_, task, world, attempts, expected) => {
  expect(await outcome(task, world, attempts)).toBe(expected);
});

test('an Accept inlines the Follow, under the same id each time', async () => {
  const task: JobTask = { kind: 'accept', follower: carol, followId: 'https://far.example/follows/1' };
  const first = await compose(task, {});
  expect(first).toMatchObject({
    activity: {
      type: 'Accept',
      id: expect.stringMatching(/^https:\/\/here\.example\/users\/alice#accepts\/[0-9a-f]{32}$/),
      to: [carol],
      object: { type: 'Follow', id: 'https://far.example/follows/1', actor: carol, object: alice },
    },
  });
  expect(await compose(task, {}, 4)).toEqual(first);
});

test('a new follower gets the very Create that others got', async () => {
  const world = { event: event('StatusPublished'), current: status('e1') };
  expect(await compose({ kind: 'current-status', follower: carol }, world)).toEqual(await compose({ kind: 'status' }, world));
});
