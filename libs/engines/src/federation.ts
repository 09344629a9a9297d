import { Accounts } from '@heliograph/accounts';
import { documentFetcher, MemoryActorCache, RedisActorCache, RedisDocuments, RedisLink, RemoteActors } from '@heliograph/actors';
import type { Config } from '@heliograph/platform';
import { SafeHttp } from '@heliograph/safe-http';
import type { DataSource } from 'typeorm';

/** Who speaks for this server, and whom it knows elsewhere. */
export interface Federation {
  readonly accounts: Accounts;
  readonly actors: RemoteActors;
  /** Local actors' documents in Redis; null without Redis. Who commits what shows in them has to raise their versions here (ADR 0016). */
  readonly documents: RedisDocuments | null;
  /** For deliveries alone: fetches that strangers cause must not fill the lanes to a host. */
  readonly deliveryHttp: SafeHttp;
  /** Waits for what is under way, and closes all connections, Redis's too. */
  closeFederation(): Promise<void>;
}

/** Puts together accounts, outgoing HTTP and remote actors: every fetch is signed by the instance actor. */
export function openFederation({ publicUrl, allowPrivateNetwork, redisUrl }: Config, dataSource: DataSource): Federation {
  const link = redisUrl ? new RedisLink(redisUrl) : null;
  const documents = link && new RedisDocuments(link, publicUrl);
  const accounts = new Accounts(dataSource, { publicUrl, onChange: async (name, version) => documents?.raise([{ name, account: version }]) });
  const options = { allowPrivateNetwork, userAgent: `Heliograph (+${publicUrl}/)` };
  const [http, deliveryHttp] = [new SafeHttp(options), new SafeHttp(options)];
  const fetchDocument = documentFetcher({ http, signingKey: () => accounts.instanceSigningKey() });
  const cache = link ? new RedisActorCache(link) : new MemoryActorCache();
  const actors = new RemoteActors({ dataSource, fetchDocument, cache, allowPrivateNetwork });
  const closeFederation = async (): Promise<void> => {
    await Promise.all([http.close(), deliveryHttp.close()]);
    link?.close();
  };
  return { accounts, actors, documents, deliveryHttp, closeFederation };
}
