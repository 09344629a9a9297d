import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually, Instance, type InstanceAccount, type RemotePerson, RemoteServer } from '@heliograph/testkit';
import { forge, type Forgery, type RawAnswer, sendRaw } from './request.ts';

const CONTEXT = ['https://www.w3.org/ns/activitystreams', { sm: 'http://smithereen.software/ns#', ActorStatus: 'sm:ActorStatus' }];
const AS2 = 'application/activity+json';

interface Page {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  readonly body: string | Buffer;
}

/** A server that tells whatever it is told to tell. */
export class LyingServer {
  readonly pages = new Map<string, Page>();
  /** Paths that were asked for, in order. */
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly origin: string;

  private constructor(server: Server) {
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', ({ url = '/' }, response) => {
      this.asked.push(url);
      const page = this.pages.get(url);
      response.writeHead(page ? (page.status ?? 200) : 404, { 'content-type': page?.type ?? AS2, ...page?.headers });
      response.end(page?.body);
    });
  }

  static async start(): Promise<LyingServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new LyingServer(server);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** An actor with a key of its own; `change` lies in its document. */
  actor(path: string, { change = (same) => same, page = {} }: { change?: (document: Record<string, unknown>) => object; page?: Partial<Page> } = {}): { id: string; keyId: string; privateKeyPem: string } {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const id = `${this.origin}${path}`;
    const document = {
      '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
      type: 'Person',
      id,
      preferredUsername: 'liar',
      inbox: `${id}/inbox`,
      outbox: `${id}/outbox`,
      publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem: publicKey },
    };
    this.pages.set(path, { body: JSON.stringify(change(document)), ...page });
    return { id, keyId: `${id}#main-key`, privateKeyPem: privateKey };
  }
}

/** A running server of ours, an honest one and a lying one. */
export class World {
  #count = 0;

  private constructor(
    readonly instance: Instance,
    readonly remote: RemoteServer,
    readonly liar: LyingServer,
    readonly alice: InstanceAccount,
    /** Honest. */
    readonly bob: RemotePerson,
    /** On the same server as Bob. */
    readonly mallory: RemotePerson,
  ) {}

  static async start(): Promise<World> {
    const [instance, remote, liar] = await Promise.all([Instance.start(), RemoteServer.start(), LyingServer.start()]);
    const kept = { statusHistory: `${remote.origin}/history` };
    return new World(instance, remote, liar, await instance.createAccount('alice'), remote.addPerson('bob', kept), remote.addPerson('mallory', kept));
  }

  stop(): Promise<unknown> {
    return Promise.all([this.instance.dispose(), this.remote.stop(), this.liar.stop()]);
  }

  get inbox(): string {
    return `${this.instance.origin}/inbox`;
  }

  /** A Create, right in every way until it is changed; later than all before. */
  create(actor: string, change: { activity?: object; status?: object } = {}): { object: { id: string; content: string }; [member: string]: unknown } {
    this.#count += 1;
    const id = `${actor}/statuses/${this.#count}`;
    const published = new Date(Date.UTC(2026, 0, 1) + this.#count * 1000).toISOString();
    const object = { type: 'ActorStatus', id, attributedTo: actor, content: `status ${this.#count}`, published, ...change.status };
    return { '@context': CONTEXT, type: 'Create', id: `${id}#create`, actor, object, ...change.activity };
  }

  /** Bob's request, or somebody else's, with what is changed about it. */
  send(forgery: Partial<Forgery> & { readonly activity?: object } = {}): Promise<RawAnswer> {
    const body = forgery.body ?? Buffer.from(JSON.stringify(forgery.activity ?? this.create(this.bob.id)));
    const { head, body: sent } = forge(this.instance.origin, { keyId: this.bob.keyId, privateKeyPem: this.bob.privateKeyPem, ...forgery, body });
    return sendRaw(this.instance.origin, head, sent);
  }

  /** What is stored of somebody: words of every status, newest first. */
  async stored({ id }: { id: string }): Promise<readonly string[]> {
    const about = `/api/actors/${encodeURIComponent(id)}`;
    const [history, status] = [await this.instance.request('GET', `${about}/history?limit=100`), await this.instance.request('GET', `${about}/status`)];
    // Nobody has heard of them.
    if (status.status === 404) return [];
    const items: { content: string }[] = [...history.body.items, ...(status.body.status ? [status.body.status] : [])];
    return [...new Set(items.map(({ content }) => content))];
  }

  /** An honest neighbour's status, sent and seen: whatever was sent before it has had its chance, and has broken nothing. */
  async neighbourPasses(): Promise<void> {
    const good = this.create(this.bob.id);
    const { status } = await this.send({ activity: good });
    if (status !== 202) throw new Error(`the honest neighbour was answered ${status}`);
    await eventually(async () => expect(await this.stored(this.bob)).toContain(good.object.content));
  }
}
