import { Accounts } from '@heliograph/accounts';
import { actorUrls, hostMetaJson, hostMetaXml, instanceActorUrls, nodeInfo, nodeInfoIndex, nodeInfoContentType, type NodeInfoStats, NODE_INFO_VERSIONS, parseLocalProfile, webFinger } from '@heliograph/activitypub';
import { type Config, Problem } from '@heliograph/platform';
import { StatusReader } from '@heliograph/status-store';
import { Controller, Get, Header, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { VERSION } from '../version.ts';
import { CONFIG } from '../tokens.ts';

type Stats = Pick<NodeInfoStats, 'users' | 'localPosts'>;
const STATS_FOR_MS = 60_000;
const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);

/** How other servers find people and learn what this one is: WebFinger (RFC 7033), host-meta (RFC 6415), NodeInfo 2.0 and 2.1. */
@ApiExcludeController()
@Controller()
export class WellKnownController {
  readonly #host: string;
  #counted: { readonly until: number; readonly stats: Promise<Stats> } | null = null;

  constructor(
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(StatusReader) private readonly reader: StatusReader,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.#host = new URL(config.publicUrl).host;
  }

  @Get('.well-known/webfinger')
  @Header('content-type', 'application/jrd+json; charset=utf-8')
  @Header('access-control-allow-origin', '*')
  async webFinger(@Query('resource') resource?: unknown): Promise<string> {
    if (typeof resource !== 'string' || resource === '') throw new Problem(400, 'The query parameter "resource" is missing.', { field: 'resource' });
    if (resource === `acct:${this.#host}@${this.#host}` || resource === `${this.config.publicUrl}/actor`) return JSON.stringify(this.#instance());
    const name = this.#nameIn(resource);
    const account = name === null ? null : await this.accounts.byName(name);
    if (!account) throw new Problem(404, `There is no ${resource} here.`);
    const urls = actorUrls(this.config.publicUrl, account.name);
    return JSON.stringify(webFinger({ handle: `${account.name}@${this.#host}`, actor: urls.id, profile: urls.url }));
  }

  @Get('.well-known/host-meta')
  @Header('content-type', 'application/xrd+xml; charset=utf-8')
  hostMeta(): string {
    return hostMetaXml(this.config.publicUrl);
  }

  @Get('.well-known/host-meta.json')
  @Header('content-type', 'application/jrd+json; charset=utf-8')
  hostMetaJson(): string {
    return JSON.stringify(hostMetaJson(this.config.publicUrl));
  }

  @Get('.well-known/nodeinfo')
  @Header('access-control-allow-origin', '*')
  nodeInfoIndex(): object {
    return nodeInfoIndex(this.config.publicUrl);
  }

  @Get('nodeinfo/:version')
  @Header('access-control-allow-origin', '*')
  async nodeInfo(@Param('version') named: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const version = NODE_INFO_VERSIONS.find((known) => known === named);
    if (!version) throw new Problem(404, 'NodeInfo is served in versions 2.0 and 2.1.');
    reply.header('content-type', nodeInfoContentType(version));
    // Nobody can sign up by himself yet, whatever HELIO_REGISTRATIONS says: accounts are made by `helio account create`.
    return nodeInfo(version, { softwareVersion: VERSION, openRegistrations: false, ...(await this.#stats()) });
  }

  /** Counting takes a while on a large server, and crawlers come often. */
  #stats(): Promise<Stats> {
    if (this.#counted === null || this.#counted.until < Date.now()) {
      const stats = this.#count();
      // A count that failed is asked again after the same time: crawlers must not make it worse.
      stats.catch(() => undefined);
      this.#counted = { until: Date.now() + STATS_FOR_MS, stats };
    }
    return this.#counted.stats;
  }

  async #count(): Promise<Stats> {
    const [total, activeMonth, activeHalfyear, localPosts] = await Promise.all([
      this.accounts.count(),
      this.reader.activeLocalActors(daysAgo(30)),
      this.reader.activeLocalActors(daysAgo(180)),
      this.reader.localStatusCount(),
    ]);
    return { users: { total, activeMonth, activeHalfyear }, localPosts };
  }

  /** The server's own actor, whom others look up by the key that signed our fetches. */
  #instance(): object {
    const { id, url } = instanceActorUrls(this.config.publicUrl);
    return webFinger({ handle: `${this.#host}@${this.#host}`, actor: id, profile: url });
  }

  /** `acct:name@host`, or the address of an actor or of his page. */
  #nameIn(resource: string): string | null {
    if (/^https?:/.test(resource)) return parseLocalProfile(this.config.publicUrl, resource);
    const acct = /^acct:@?([^@]+)@([^@]+)$/i.exec(resource);
    return acct?.[2]?.toLowerCase() === this.#host ? acct[1]! : null;
  }
}
