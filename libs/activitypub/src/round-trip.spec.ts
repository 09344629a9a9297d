import { formatInstant, type StatusContent } from '@heliograph/status';
import fc from 'fast-check';
import {
  acceptActivity, actorDocument, actorUrls, blockActivity, createActivity, deleteActivity, deleteActorActivity, followActivity, readActivity, readActor, readKeyDocument, readStatus,
  readWebFinger, rejectActivity, removeActivity, statusActivityId, statusDocument, statusObject, undoActivity, undoBlockActivity, undoId, updateActorActivity, webFinger, type WritableActor, type WritableStatus,
} from './index.ts';

const HERE = 'https://heliograph.example';
const THERE = 'https://remote.example/users/bob';
const urls = actorUrls(HERE, 'alice');
const heading = { actor: urls.id, followers: urls.followers };

const textUpTo = (graphemes: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: graphemes }).map((any) => any.replaceAll('\0', '')).filter((any) => any.trim() !== '');
const name = textUpTo(10).map((any) => any.trim());
const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
const content: fc.Arbitrary<StatusContent> = fc.record({
  text: textUpTo(100),
  language: fc.constantFrom(null, 'en', 'nb-NO'),
  attachment: fc.option(fc.record({ href: fc.webUrl(), name: fc.option(name) })),
});
const status: fc.Arbitrary<WritableStatus> = fc.record({
  id: fc.maxSafeNat().map((id) => urls.status(String(id + 1))),
  attributedTo: fc.constant(urls.id),
  content,
  published: time.map((ms) => formatInstant(ms, 3)),
  endTime: fc.option(time.map((ms) => formatInstant(ms - (ms % 1000), 3))),
});
const actor: fc.Arbitrary<WritableActor> = fc.record({
  urls: fc.constant(urls),
  preferredUsername: fc.constant('alice'),
  name,
  summary: fc.constant(''),
  published: time.map((ms) => formatInstant(ms, 3)),
  publicKeyPem: fc.constant('-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n'),
  icon: fc.constantFrom(null, { url: `${HERE}/alice.png`, mediaType: 'image/png' }),
  manuallyApprovesFollowers: fc.boolean(),
  discoverable: fc.boolean(),
  status: fc.option(status),
  keepsHistory: fc.boolean(),
});

const overTheWire = (document: object): unknown => JSON.parse(JSON.stringify(document));
const asRead = ({ id, attributedTo, content, published, endTime }: WritableStatus) => ({ statusId: id, attributedTo, content, published, endTime });

test('a status', () => {
  fc.assert(
    fc.property(status, (one) => {
      const create = createActivity({ id: `${one.id}/create`, ...heading, status: one });
      expect(readActivity(overTheWire(create))).toEqual({ kind: 'create-status', id: create.id, actor: urls.id, status: asRead(one) });
      expect(readStatus(overTheWire(statusDocument(one)) as Record<string, unknown>)).toEqual(asRead(one));

      for (const erased of [one, { ...one, content: null }]) {
        const expected = { id: `${one.id}/x`, actor: urls.id, statusId: one.id, attributedTo: urls.id };
        const command = { id: expected.id, ...heading, status: erased };
        expect(readActivity(overTheWire(removeActivity(command)))).toEqual({ kind: 'remove-status', ...expected });
        expect(readActivity(overTheWire(deleteActivity(command)))).toEqual({ kind: 'delete-status', ...expected });
      }
    }),
  );
});

test('an actor', () => {
  fc.assert(
    fc.property(actor, (one) => {
      const document = actorDocument(one);
      const read = readActor(overTheWire(document), urls.id);
      expect(read).toEqual({
        kind: 'actor',
        actor: {
          id: urls.id, type: 'Person', preferredUsername: 'alice', name: one.name, url: urls.url, icon: one.icon?.url ?? null,
          inbox: urls.inbox, sharedInbox: urls.sharedInbox, outbox: urls.outbox, followers: urls.followers, following: urls.following,
          keys: [{ id: urls.keyId, owner: urls.id, publicKeyPem: one.publicKeyPem }], keyLinks: [],
          hasHistory: one.keepsHistory, statusHistory: one.keepsHistory ? urls.statusHistory : null,
          status: one.status === null ? 'absent' : asRead(one.status),
          manuallyApprovesFollowers: one.manuallyApprovesFollowers, alsoKnownAs: [], movedTo: null,
        },
      });
      expect(readKeyDocument(overTheWire(document), urls.keyId)).toMatchObject({ kind: 'key', key: { owner: urls.id } });

      const update = readActivity(overTheWire(updateActorActivity({ id: urls.update('1'), followers: urls.followers, document })));
      expect(update.kind === 'update-actor' && readActor(update.document, urls.id)).toEqual(read);
    }),
  );
});

test('follows', () => {
  const follow = { id: urls.follow('1'), actor: urls.id, object: THERE };
  const read = readActivity(overTheWire(followActivity(follow)));
  expect(read).toEqual({ kind: 'follow', ...follow, activity: { type: 'Follow', ...follow } });
  const undo = undoActivity({ id: undoId(urls.follow('1')), follow });
  expect(readActivity(overTheWire(undo))).toEqual({ kind: 'undo-follow', id: undo.id, actor: urls.id, followId: follow.id, object: THERE });

  const answer = { id: urls.accept('1'), actor: THERE, follower: urls.id, follow: read.kind === 'follow' ? read.activity : {} };
  const expected = { id: answer.id, actor: THERE, followId: follow.id, follower: urls.id, object: THERE };
  expect(readActivity(overTheWire(acceptActivity(answer)))).toEqual({ kind: 'accept-follow', ...expected });
  expect(readActivity(overTheWire(rejectActivity(answer)))).toEqual({ kind: 'reject-follow', ...expected });
});

test('the end of an actor', () => {
  const document = overTheWire(deleteActorActivity({ id: urls.deleteActor, actor: urls.id }));
  expect(readActivity(document)).toEqual({ kind: 'delete-actor', id: urls.deleteActor, actor: urls.id });
});

test('WebFinger', () => {
  const document = overTheWire(webFinger({ handle: 'alice@heliograph.example', actor: urls.id, profile: urls.url }));
  expect(readWebFinger(document, 'alice@heliograph.example')).toEqual({ kind: 'web-finger', actor: urls.id, subject: 'alice@heliograph.example', subscribe: null });
});

describe('any JSON', () => {
  const members = ['type', 'id', 'actor', 'object', 'target', 'content', 'contentMap', 'published', 'endTime', 'attachment', 'attributedTo', 'formerType', '@context', 'url', 'href',
    'name', 'publicKey', 'owner', 'endpoints', 'sharedInbox', 'status', 'statusHistory', 'links', 'rel', 'template', '__proto__', 'constructor'];
  const iris = [urls.id, urls.status('1'), THERE, `${THERE}/statuses/1`];
  const leaf = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom('Create', 'Delete', 'Remove', 'Undo', 'Accept', 'Follow', 'Update', 'ActorStatus', 'Tombstone', 'Person', 'self', '\ud800\0', '2026-11-23T02:46:03Z', ...iris),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof({ maxDepth: 4, depthSize: 'medium' }, leaf, fc.array(tie('tree'), { maxLength: 3 }), fc.dictionary(fc.constantFrom(...members), tie('tree'), { maxKeys: 8 })),
  }));
  const start: fc.Arbitrary<object> = fc.oneof(
    status.map((one) => createActivity({ id: one.id, ...heading, status: one })),
    status.map((one) => deleteActivity({ id: one.id, ...heading, status: one })),
    actor.map((one) => updateActorActivity({ id: urls.update('1'), followers: urls.followers, document: actorDocument(one) })),
    fc.constant(undoActivity({ id: undoId(urls.follow('1')), follow: { id: urls.follow('1'), actor: urls.id, object: THERE } })),
  );

  /** Members of an activity, and of its object. */
  const path = fc.oneof(
    fc.tuple(fc.constantFrom('type', 'id', 'actor', 'object', '@context'), fc.constant(null)),
    fc.tuple(fc.constant('object'), fc.constantFrom('type', 'id', 'attributedTo', 'actor', 'object', 'content', 'published', 'endTime', 'attachment', 'status', 'publicKey', 'url')),
  );

  /** Puts `value` in the place of a member, one or two levels deep. */
  function mutate(document: object, [outer, inner]: readonly [string, string | null], value: unknown): unknown {
    const copy = overTheWire(document) as Record<string, unknown>;
    const target = inner === null ? copy : copy[outer];
    if (typeof target === 'object' && target !== null) Object.defineProperty(target, inner ?? outer, { value, enumerable: true, configurable: true, writable: true });
    return copy;
  }

  /** Everything that may end in the database. */
  const storable = (outcome: unknown): boolean =>
    JSON.stringify(outcome, (key, value: unknown) => (key === 'document' ? null : value)).replaceAll('\\\\', '').search(/\\u0000|\\ud[89a-f]/) === -1;

  function readAll(json: unknown): void {
    for (const outcome of [readActivity(json), readActor(json), readActor(json, urls.id), readWebFinger(json, 'a@b.example'), readKeyDocument(json, urls.keyId)]) {
      expect(storable(outcome)).toBe(true);
    }
  }

  test('is read without a throw, and yields nothing that cannot be stored', () => {
    fc.assert(fc.property(fc.oneof(fc.jsonValue(), tree), readAll), { numRuns: 1000 });
  });

  test('so is a valid document with one member replaced', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(start, path, fc.oneof(tree, fc.constantFrom(...iris)), (document, where, value) => {
        const mutant = mutate(document, where, value);
        readAll(mutant);
        kinds.add(readActivity(mutant).kind);
      }),
      { numRuns: 2000 },
    );
    // The mutants reach every kind of outcome that one change can bring about.
    expect([...kinds]).toEqual(expect.arrayContaining(['create-status', 'delete-status', 'update-actor', 'undo-follow', 'ignored', 'invalid', 'not-yours']));
  });

  test('an activity never speaks for another than its actor', () => {
    fc.assert(
      fc.property(start, path, fc.oneof(leaf, fc.constantFrom(...iris)), (document, where, value) => {
        const read = readActivity(mutate(document, where, value));
        if (read.kind === 'create-status') expect(read.status.attributedTo).toBe(read.actor);
        if (read.kind === 'delete-status') expect(new URL(read.statusId).origin).toBe(new URL(read.actor).origin);
        if (read.kind === 'update-actor') expect(read.document['id']).toBe(read.actor);
      }),
      { numRuns: 1000 },
    );
  });

  test('nesting 100,000 deep is read like anything else', () => {
    const deep: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    const create = createActivity({ id: statusActivityId(urls.status('1'), 'create'), ...heading, status: { id: urls.status('1'), attributedTo: urls.id, content: { text: 'x', language: null, attachment: null }, published: '2026-11-23T02:46:03Z', endTime: null } });
    for (const member of ['object', 'actor', 'type', '@context', 'attachment']) expect(readActivity({ ...create, [member]: deep }).kind).toMatch(/create-status|ignored|invalid/);
  });
});

test('the status in a document is the same wherever it stands', () => {
  fc.assert(
    fc.property(actor, (one) => {
      expect(actorDocument(one).status ?? null).toEqual(one.status === null ? null : statusObject(one.status));
    }),
  );
});

test('a Block, and its Undo', () => {
  const block = { id: urls.block('7'), actor: urls.id, object: THERE };
  expect(readActivity(overTheWire(blockActivity(block)))).toEqual({ kind: 'block', ...block });
  const undo = undoBlockActivity({ id: undoId(block.id), block });
  expect(readActivity(overTheWire(undo))).toEqual({ kind: 'undo-block', id: undo.id, actor: urls.id, blockId: block.id, object: THERE });
});
