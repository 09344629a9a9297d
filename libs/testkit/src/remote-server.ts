import { signRequest } from '@heliograph/http-signatures';
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually.ts';

const AS2 = 'application/activity+json';

export interface RemotePerson {
  readonly id: string;
  readonly name: string;
  readonly inbox: string;
  readonly keyId: string;
  readonly privateKeyPem: string;
  /** The document as served; tests may change it. */
  document: Record<string, unknown>;
}

export interface ReceivedActivity {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly activity: Record<string, unknown>;
}

/** A server elsewhere: real HTTP on loopback, people with real keys, an inbox that keeps what it gets. */
export class RemoteServer {
  readonly received: ReceivedActivity[] = [];
  /** What was fetched, in order. */
  readonly fetches: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = [];
  /** Status that inboxes answer with, by path; default 202. */
  readonly inboxStatus = new Map<string, number>();
  /** Further documents, by path with the query: served as ActivityPub, or made when they are asked for. */
  readonly documents = new Map<string, object | (() => object | Promise<object>)>();
  readonly #people = new Map<string, RemotePerson>();
  readonly #server: Server;
  readonly origin: string;

  private constructor(server: Server, host: string) {
    this.#server = server;
    this.origin = `http://${host}:${(server.address() as AddressInfo).port}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response));
  }

  /** @param port fixed, for a server that is to come back at the same address. @param host name under which it is known; it listens on loopback. */
  static async start(port = 0, host = '127.0.0.1'): Promise<RemoteServer> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new RemoteServer(server, host);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A person with a fresh key. `extra` goes into the actor document. */
  addPerson(name: string, extra: Record<string, unknown> = {}): RemotePerson {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const id = `${this.origin}/users/${name}`;
    const keyId = `${id}#main-key`;
    const document = {
      '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
      type: 'Person',
      id,
      preferredUsername: name,
      name,
      inbox: `${id}/inbox`,
      outbox: `${id}/outbox`,
      followers: `${id}/followers`,
      endpoints: { sharedInbox: `${this.origin}/inbox` },
      publicKey: { id: keyId, owner: id, publicKeyPem: publicKey },
      ...extra,
    };
    const person = { id, name, inbox: `${id}/inbox`, keyId, privateKeyPem: privateKey, document };
    this.#people.set(name, person);
    return person;
  }

  removePerson(name: string): void {
    this.#people.delete(name);
  }

  /** Posts an activity, signed by `person`, as a server does; `body` may be given as bytes to send them verbatim. */
  async deliver(person: Pick<RemotePerson, 'keyId' | 'privateKeyPem'>, inbox: string, activity: object | Buffer, headers: Record<string, string> = {}): Promise<Response> {
    const body = Buffer.isBuffer(activity) ? activity : Buffer.from(JSON.stringify(activity));
    // fetch sets Host itself, to the same value.
    const { Host: _, ...signed } = signRequest({ method: 'POST', url: inbox, body, keyId: person.keyId, privateKeyPem: person.privateKeyPem, date: new Date() });
    return fetch(inbox, { method: 'POST', headers: { 'content-type': AS2, ...signed, ...headers }, body: new Uint8Array(body) });
  }

  /** Waits until an activity arrives that `wanted` accepts. */
  waitFor(wanted: (activity: Record<string, unknown>) => boolean): Promise<ReceivedActivity> {
    return eventually(() => {
      const found = this.received.find(({ activity }) => wanted(activity));
      if (!found) throw new Error(`not received; got ${this.received.map(({ activity }) => String(activity['type'])).join(', ') || 'nothing'}`);
      return found;
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.origin);
    const send = (status: number, type: string, body: unknown): void => {
      response.writeHead(status, { 'content-type': type });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    if (request.method === 'POST') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const status = this.inboxStatus.get(pathname) ?? 202;
      if (status < 300) this.received.push({ path: pathname, headers: request.headers, body, activity: JSON.parse(body.toString()) as Record<string, unknown> });
      return send(status, AS2, {});
    }
    this.fetches.push({ path: pathname, headers: request.headers });
    if (pathname === '/.well-known/webfinger') {
      const name = /^acct:([^@]+)@/.exec(searchParams.get('resource') ?? '')?.[1];
      const person = this.#people.get(name ?? '');
      if (!person) return send(404, 'text/plain', '');
      return send(200, 'application/jrd+json', { subject: searchParams.get('resource'), links: [{ rel: 'self', type: AS2, href: person.id }] });
    }
    const document = this.documents.get(request.url ?? '');
    if (document) return send(200, AS2, typeof document === 'function' ? await (document as () => object | Promise<object>)() : document);
    const person = this.#people.get(/^\/users\/([^/]+)$/.exec(pathname)?.[1] ?? '');
    return person ? send(200, AS2, person.document) : send(404, 'text/plain', '');
  }
}
