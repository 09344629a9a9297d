// A worker thread: signs posts to the shared inbox ahead of time, and writes them as request files.
import { workerData } from 'node:worker_threads';
import { writeRequests } from '../load/generator.mjs';
import { signedCreate, signedPost } from '../remote-people.mjs';

const { parts, people, origin } = workerData;

/** What Fedify takes: the same in everything but the type of the object, and its addressing. */
function signedNote(person, number) {
  const id = `${person.id}/notes/${number}`;
  const to = [`${person.id}/followers`];
  const object = { type: 'Note', id, attributedTo: person.id, to, content: `Fixing the roof, shingle number ${number}`, published: new Date().toISOString() };
  return signedPost(person, { '@context': 'https://www.w3.org/ns/activitystreams', type: 'Create', id: `${id}#create`, actor: person.id, to, object }, origin);
}

function requestOf({ kind, stranger }, number) {
  const { id, keyId, privateKeyPem } = people[number % people.length];
  // The wrongly signed control: the right keyId, and somebody else's key.
  const person = { id, keyId, privateKeyPem: stranger ?? privateKeyPem };
  const { path, headers, body } = kind === 'note' ? signedNote(person, number) : signedCreate(person, number, origin);
  const sent = { ...headers, 'User-Agent': 'Example/1.0', Accept: '*/*', 'Content-Length': body.length };
  const head = Object.entries(sent).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head.join('')}\r\n`), body]);
}

for (const part of parts) writeRequests(part.file, Array.from({ length: part.count }, (_, i) => requestOf(part, part.first + i)));
