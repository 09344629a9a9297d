// Another server: people with keys, and inboxes that keep what they get and are as moody as inboxes elsewhere. (The test kit's RemoteServer
// has neither moods nor a time for what it received.)
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const AS2 = 'application/activity+json';
/** What an inbox does with a request, and how many in a thousand it does it to; all else is kept and answered at once. */
const MOODS = [
  { name: 'refuses', permille: 25, keeps: false, status: 503 },
  { name: 'loses its answer', permille: 10, keeps: true, status: null },
  { name: 'fails after the work', permille: 15, keeps: true, status: 500 },
  { name: 'is slow', permille: 20, keeps: true, status: 202, delayMs: 1_500 },
  { name: 'is too slow', permille: 1, keeps: true, status: 202, delayMs: 11_000 },
];
/** Now and then nothing at all goes for a while. */
const OUTAGE_PERMILLE = 2;
const OUTAGE_MS = 4_000;

export class RemoteHost {
  #server;
  #documents = new Map();
  #random;
  #outageUntil = 0;
  #calm = false;
  /** What came, in order of arrival: see `Received` in checker.d.mts. */
  received = [];

  constructor(server, host, random) {
    this.#server = server;
    this.#random = random;
    this.origin = `http://${host}:${server.address().port}`;
    server.on('request', (request, response) => void this.#answer(request, response).catch(() => response.destroy()));
  }

  static async start(host, random) {
    const server = createServer();
    await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return new RemoteHost(server, host, random);
  }

  /** @param {{ keep?: boolean, shared?: boolean }} options whether it keeps a history, and takes what is for all at the shared inbox */
  addPerson(name, { keep = false, shared = false } = {}) {
    const id = `${this.origin}/users/${name}`;
    const pem = { publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } };
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, ...pem });
    const keyId = `${id}#main-key`;
    const inbox = `${id}/inbox`;
    const sharedInbox = `${this.origin}/inbox`;
    this.#documents.set(`/users/${name}`, {
      '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
      type: 'Person',
      id,
      preferredUsername: name,
      inbox,
      outbox: `${id}/outbox`,
      publicKey: { id: keyId, owner: id, publicKeyPem: publicKey },
      ...(shared && { endpoints: { sharedInbox } }),
      ...(keep && { statusHistory: `${id}/history` }),
    });
    return { id, name, inbox, audience: shared ? sharedInbox : inbox, keyId, privateKeyPem: privateKey };
  }

  /** From now on it takes everything at once. */
  calmDown() {
    this.#calm = true;
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request, response) {
    if (request.method === 'POST') return this.#receive(request, response);
    const document = this.#documents.get(request.url);
    response.writeHead(document ? 200 : 404, { 'content-type': AS2 }).end(JSON.stringify(document ?? {}));
  }

  async #receive(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const at = Date.now();
    const { keeps = true, status = 202, delayMs = 0 } = this.#mood(at) ?? {};
    if (keeps) this.received.push(recordOf(JSON.parse(Buffer.concat(chunks).toString()), this.origin + request.url, at));
    if (delayMs > 0) await sleep(delayMs);
    if (status === null) return void request.socket.destroy();
    response.writeHead(status, { 'content-type': AS2 }).end('{}');
  }

  #mood(now) {
    if (this.#calm) return null;
    if (now < this.#outageUntil) return { keeps: false, status: 503 };
    if (this.#random.chance(OUTAGE_PERMILLE / 1000)) this.#outageUntil = now + OUTAGE_MS;
    let number = this.#random.between(0, 999);
    return MOODS.find(({ permille }) => (number -= permille) < 0) ?? null;
  }
}

function recordOf({ id, type, actor, object }, inbox, at) {
  const { published = null, content: text = null, endTime = null } = object;
  return { inbox, at, activityId: id, type, actor, objectId: object.id, published, text, endTime };
}
