import { createHash } from 'node:crypto';
import { forge, type RawAnswer, sendRaw } from './request.ts';
import type { World } from './world.ts';

/**
 * - refused: a clear 4xx, nothing stored
 * - ignored: 2xx, nothing stored
 * - recorded: 202, and its words are there
 */
export type Outcome = 'refused' | 'ignored' | 'recorded';

export interface HostileCase {
  /** Row of the catalogue of hostile inputs. */
  readonly row: string;
  readonly name: string;
  readonly outcome: Outcome;
  /** @param words that must, or must not, be there afterwards. */
  readonly send: (world: World, words: string) => Promise<RawAnswer>;
}

const row = (name: string, cases: readonly (readonly [name: string, outcome: Outcome, send: HostileCase['send']])[]): HostileCase[] =>
  cases.map(([what, outcome, send]) => ({ row: name, name: what, outcome, send }));

const seconds = (offset: number): number => Math.floor(Date.now() / 1000) + offset;
const httpDate = (offset: number): string => new Date(Date.now() + offset * 1000).toUTCString();
const byBob = (world: World, words: string): Buffer => Buffer.from(JSON.stringify(world.create(world.bob.id, { status: { content: words } })));
/** A Create of an actor of the lying server, signed by that actor. */
const byLiar = (world: World, actor: { id: string; keyId: string; privateKeyPem: string }, words: string, change: { activity?: object; status?: object } = {}): Promise<RawAnswer> =>
  world.send({ ...actor, activity: world.create(actor.id, { ...change, status: { content: words, ...change.status } }) });

let number = 0;
/** A path nobody has seen. */
const fresh = (): string => `/users/liar${(number += 1)}`;

const origin = row('origin', [
  ['a document whose id is of another host', 'refused', (w, words) => byLiar(w, w.liar.actor(fresh(), { change: (d) => ({ ...d, id: w.bob.id }) }), words)],
  ['a document whose id is of another path', 'refused', (w, words) => byLiar(w, w.liar.actor(fresh(), { change: (d) => ({ ...d, id: `${w.liar.origin}/users/other` }) }), words)],
  ['a document without id', 'refused', (w, words) => byLiar(w, w.liar.actor(fresh(), { change: ({ id: _, ...d }) => d }), words)],
  ['a document with two ids', 'refused', (w, words) => byLiar(w, w.liar.actor(fresh(), { change: (d) => ({ ...d, id: [d['id'], w.bob.id] }) }), words)],
  ['the activity of another on the same server', 'refused', (w, words) => w.send({ ...key(w.mallory), activity: w.create(w.bob.id, { status: { content: words } }) })],
  ["another's status in one's own activity", 'refused', (w, words) => w.send({ ...key(w.mallory), activity: w.create(w.mallory.id, { status: { content: words, attributedTo: w.bob.id } }) })],
  ['a status whose id is of another server', 'refused', (w, words) => w.send({ activity: w.create(w.bob.id, { status: { content: words, id: `${w.liar.origin}/statuses/1` } }) })],
  ['a status whose id is a list', 'refused', (w, words) => w.send({ activity: w.create(w.bob.id, { status: { content: words, id: [`${w.bob.id}/statuses/a`, `${w.bob.id}/statuses/b`] } }) })],
  ['a status whose id is no http URL', 'refused', (w, words) => w.send({ activity: w.create(w.bob.id, { status: { content: words, id: 'urn:uuid:1' } }) })],
  ['two actors', 'refused', (w, words) => w.send({ activity: w.create(w.bob.id, { activity: { actor: [w.bob.id, w.mallory.id] }, status: { content: words } }) })],
  [
    'an actor that redirects to another host',
    'refused',
    (w, words) => {
      const [path, elsewhere] = [fresh(), `${w.remote.origin}/users/mallory`];
      w.liar.pages.set(path, { status: 302, headers: { location: elsewhere }, body: '' });
      const id = w.liar.origin + path;
      return w.send({ ...key(w.mallory), keyId: `${id}#main-key`, activity: w.create(id, { status: { content: words } }) });
    },
  ],
]);

const binding = row('signature binding', [
  ['no signature', 'refused', (w, words) => w.send({ body: byBob(w, words), tamper: (lines) => lines.filter((line) => !line.startsWith('Signature')) })],
  ["another's key under one's own name", 'refused', (w, words) => w.send({ body: byBob(w, words), privateKeyPem: w.mallory.privateKeyPem })],
  ['a key whose owner does not name it', 'refused', (w, words) => byLiar(w, w.liar.actor(fresh(), { change: (d) => ({ ...d, publicKey: { ...(d['publicKey'] as object), id: `${w.liar.origin}/keys/none` } }) }), words)],
  ['a key of another owner', 'refused', (w, words) => byLiar(w, w.liar.actor(fresh(), { change: (d) => ({ ...d, publicKey: { ...(d['publicKey'] as object), owner: w.bob.id } }) }), words)],
  ['digest not signed', 'refused', (w, words) => w.send({ body: byBob(w, words), covers: ['(request-target)', 'host', 'date'] })],
  ['no digest', 'refused', (w, words) => w.send({ body: byBob(w, words), digest: null, covers: ['(request-target)', 'host', 'date'] })],
  ['the digest of another body', 'refused', (w, words) => w.send({ sends: byBob(w, words) })],
  ['SHA-1 in the digest', 'refused', (w, words) => w.send({ body: byBob(w, words), digest: `SHA=${createHash('sha1').update(byBob(w, words)).digest('base64')}` })],
  ['MD5 in the digest', 'refused', (w, words) => w.send({ body: byBob(w, words), digest: 'MD5=AAAAAAAAAAAAAAAAAAAAAA==' })],
  ['signed for another host', 'refused', (w, words) => w.send({ body: byBob(w, words), host: 'other.example' })],
  ['the host exchanged afterwards', 'refused', (w, words) => w.send({ body: byBob(w, words), host: 'other.example', tamper: (lines) => lines.map((line) => (line.startsWith('Host') ? `Host: ${new URL(w.inbox).host}` : line)) })],
  ...['(request-target)', 'host', 'date'].map(
    (name) => [`${name} not signed`, 'refused', (w: World, words: string) => w.send({ body: byBob(w, words), covers: ['(request-target)', 'host', 'date', 'digest'].filter((one) => one !== name) })] as const,
  ),
  ['for another path', 'refused', (w, words) => elsewhere(w, words)],
  ['a parameter twice', 'refused', (w, words) => w.send({ body: byBob(w, words), parameters: `,keyId="${w.mallory.keyId}"` })],
  ...['Signature', 'Digest', 'Host', 'Date'].map(
    (name) => [`the header ${name} twice`, 'refused', (w: World, words: string) => w.send({ body: byBob(w, words), tamper: (lines) => [...lines, lines.find((line) => line.startsWith(name))!] })] as const,
  ),
  ['a SHA-1 signature', 'refused', (w, words) => w.send({ body: byBob(w, words), algorithm: 'rsa-sha1', hash: 'sha1' })],
  ['a SHA-1 signature that says SHA-256', 'refused', (w, words) => w.send({ body: byBob(w, words), hash: 'sha1' })],
  ['an MD5 signature', 'refused', (w, words) => w.send({ body: byBob(w, words), algorithm: 'rsa-md5', hash: 'md5' })],
  ['hmac with the public key', 'refused', (w, words) => w.send({ body: byBob(w, words), algorithm: 'hmac-sha256' })],
  ['a Date in two hours', 'refused', (w, words) => w.send({ body: byBob(w, words), date: httpDate(7_200) })],
  ['a Date two hours ago', 'refused', (w, words) => w.send({ body: byBob(w, words), date: httpDate(-7_200) })],
  ['a Date that is none', 'refused', (w, words) => w.send({ body: byBob(w, words), date: 'yesterday' })],
  ['created in two hours', 'refused', (w, words) => created(w, words, seconds(7_200))],
  ['created two hours ago', 'refused', (w, words) => created(w, words, seconds(-7_200))],
  ['expired', 'refused', (w, words) => w.send({ body: byBob(w, words), algorithm: 'hs2019', created: seconds(0), expires: seconds(-5), covers: ['(request-target)', 'host', '(created)', '(expires)', 'digest'], parameters: `,created=${seconds(0)},expires=${seconds(-5)}` })],
  ['created now', 'recorded', (w, words) => created(w, words, seconds(0))],
  ['as it should be', 'recorded', (w, words) => w.send({ body: byBob(w, words) })],
]);

function key({ keyId, privateKeyPem }: { keyId: string; privateKeyPem: string }): { keyId: string; privateKeyPem: string } {
  return { keyId, privateKeyPem };
}

const created = (w: World, words: string, at: number): Promise<RawAnswer> =>
  w.send({ body: byBob(w, words), algorithm: 'hs2019', created: at, covers: ['(request-target)', 'host', '(created)', 'digest'], parameters: `,created=${at}` });

/** Signed for one path, sent to another. */
function elsewhere(w: World, words: string): Promise<RawAnswer> {
  const { head, body } = forge(w.instance.origin, { ...key(w.bob), body: byBob(w, words), path: '/users/alice/inbox' });
  return sendRaw(w.instance.origin, ['POST /inbox HTTP/1.1', ...head.slice(1)], body);
}

const contentType = row(
  'content type',
  ['text/html', 'application/octet-stream', 'application/ld+json', 'application/json', 'image/png'].map((type) => [`an actor served as ${type}`, 'refused', (w: World, words: string) => byLiar(w, w.liar.actor(fresh(), { page: { type } }), words)] as const),
);

const jsonLd = row('JSON-LD', [
  ['@graph', 'ignored', (w, words) => w.send({ activity: { '@context': 'https://www.w3.org/ns/activitystreams', '@graph': [w.create(w.bob.id, { status: { content: words } })] } })],
  ['@included', 'ignored', (w, words) => w.send({ activity: { type: 'Like', actor: w.bob.id, object: w.alice.id, '@included': [w.create(w.bob.id, { status: { content: words } })] } })],
  ['@reverse', 'ignored', (w, words) => w.send({ activity: { type: 'Like', actor: w.bob.id, object: w.alice.id, '@reverse': { object: w.create(w.bob.id, { status: { content: words } }) } } })],
  [
    'a context that makes another member the actor',
    'refused',
    (w, words) => w.send({ ...key(w.mallory), activity: { ...w.create(w.bob.id, { status: { content: words } }), '@context': [{ as: 'https://www.w3.org/ns/activitystreams#', signer: 'as:actor', actor: 'x:y' }], signer: w.mallory.id } }),
  ],
]);

const text = (w: World, json: (activity: string) => string, words: string): Promise<RawAnswer> => w.send({ body: Buffer.from(json(JSON.stringify(w.create(w.bob.id, { status: { content: words } })))) });
const json = row('JSON', [
  ['__proto__', 'recorded', (w, words) => text(w, (a) => a.replace('{', '{"__proto__":{"actor":"x"},'), words)],
  ['constructor', 'recorded', (w, words) => text(w, (a) => a.replace('{', '{"constructor":{"prototype":{"type":"Delete"}},'), words)],
  ['a number beyond all', 'recorded', (w, words) => text(w, (a) => a.replace('{', '{"n":1e400,'), words)],
  ['a half surrogate in a name', 'recorded', (w, words) => text(w, (a) => a.replace('{', '{"\\ud800":1,'), words)],
  ['NUL in a member nobody reads', 'recorded', (w, words) => text(w, (a) => a.replace('{', '{"x":"\\u0000",'), words)],
  ['the actor twice, the second another', 'refused', (w, words) => text(w, (a) => `${a.slice(0, -1)},"actor":"${w.mallory.id}"}`, words)],
  ['a byte order mark', 'recorded', (w, words) => text(w, (a) => `\ufeff${a}`, words)],
  ['broken UTF-8', 'refused', (w, words) => w.send({ body: Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xff, 0xfe]), Buffer.from(`","y":"${words}"}`)]) })],
  ['nesting 100,000 deep', 'ignored', (w, words) => w.send({ body: Buffer.from(`{"type":"Like","actor":"${w.bob.id}","object":"${w.alice.id}","y":"${words}","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`) })],
  ['a hundred thousand members', 'recorded', (w, words) => text(w, (a) => a.replace('{', `{${Array.from({ length: 80_000 }, (_, i) => `"k${i}":1`).join(',')},`), words)],
  ['nothing', 'refused', (w) => w.send({ body: Buffer.alloc(0) })],
  ...['[]', '1', '"x"', 'null', 'true', '{', '{"a":1,}', "{'a':1}", '{"a":01}', '[1,]', '{"a" 1}', 'NaN', '{"a":Infinity}', '{"a":1}{"b":2}', '{"a":"\u0001"}', '{"a":"\\x00"}', '/* c */{}', '{a:1}', '\u0000', '{"a":+1}', '{"a":.5}', '{"a":1.}', '["\\u12"]', '{"a":tru}', '\ufeff'].map(
    (body) => [`${JSON.stringify(body)} for a body`, 'refused', (w: World) => w.send({ body: Buffer.from(body) })] as const,
  ),
]);

const status = (change: object) => (w: World, words: string) => w.send({ activity: w.create(w.bob.id, { status: { content: words, ...change } }) });
const texts = row('text', [
  ['markup is text', 'recorded', (w, words) => w.send({ activity: w.create(w.bob.id, { status: { content: words } }) })],
  ['bidi overrides', 'recorded', (w, words) => w.send({ activity: w.create(w.bob.id, { status: { content: words, contentMap: { ar: '\u202e\u2066x' } } }) })],
  ['ten megabytes', 'refused', (w, words) => w.send({ activity: w.create(w.bob.id, { status: { content: words + 'x'.repeat(1_040_000) } }) })],
  ['joiners without end', 'refused', (w, words) => w.send({ activity: w.create(w.bob.id, { status: { content: words + '\u200d👩'.repeat(2_000) } }) })],
]);

const fep = row('FEP-82f6', [
  ['endTime past', 'recorded', status({ endTime: '2026-01-02T00:00:00Z' })],
  ['endTime before published', 'recorded', status({ endTime: '2020-01-01T00:00:00Z' })],
  ['endTime in the year 9999', 'recorded', status({ endTime: '9999-12-31T23:59:59Z' })],
  ['endTime that is none', 'refused', status({ endTime: 'soon' })],
  ['Update of a status', 'ignored', (w, words) => w.send({ activity: { ...w.create(w.bob.id, { status: { content: words } }), type: 'Update' } })],
  ['Like of a status', 'ignored', (w, words) => w.send({ activity: { ...w.create(w.bob.id, { status: { content: words } }), type: 'Like' } })],
  ['Announce of a status', 'ignored', (w, words) => w.send({ activity: { ...w.create(w.bob.id, { status: { content: words } }), type: 'Announce' } })],
  ['a reply to a status', 'ignored', (w, words) => w.send({ activity: w.create(w.bob.id, { status: { type: 'Note', inReplyTo: `${w.alice.id}/statuses/1`, content: words } }) })],
  ['a status as a bare link', 'ignored', (w) => w.send({ activity: w.create(w.bob.id, { activity: { object: `${w.bob.id}/statuses/bare` } }) })],
  ['content in contentMap alone', 'recorded', (w, words) => w.send({ activity: w.create(w.bob.id, { status: { content: undefined, contentMap: { en: words } } }) })],
  ['content as an object', 'refused', status({ content: { text: 'x' } })],
  ['content as a number', 'refused', status({ content: 7 })],
  ['content null', 'refused', status({ content: null })],
  ['an attachment that is script', 'recorded', status({ attachment: { type: 'Link', href: 'javascript:alert(1)', name: 'x' } })],
  ['Remove of what is not current', 'ignored', (w) => w.send({ activity: { ...w.create(w.bob.id), type: 'Remove' } })],
  ['Delete before Create', 'ignored', async (w, words) => {
    const late = w.create(w.bob.id, { status: { content: words } });
    await w.send({ activity: { ...late, type: 'Delete' } });
    return w.send({ activity: late });
  }],
]);

export const CORPUS: readonly HostileCase[] = [...origin, ...binding, ...contentType, ...jsonLd, ...json, ...texts, ...fep];
