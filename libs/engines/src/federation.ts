import { Accounts } from '@heliograph/accounts';
import { documentFetcher, MemoryActorCache, RedisActorCache, RemoteActors } from '@heliograph/actors';
import type { Config } from '@heliograph/platform';
import { SafeHttp } from '@heliograph/safe-http';
import type { DataSource } from 'typeorm';

/** Who speaks for this server, and whom it knows elsewhere. */
export interface Federation {
  readonly accounts: Accounts;
  readonly actors: RemoteActors;
  /** For deliveries alone: fetches that strangers cause must not fill the lanes to a host. */
  readonly deliveryHttp: SafeHttp;
  /** Waits for what is under way, and closes all connections, Redis's too. */
  closeFederation(): Promise<void>;
}

/** Puts together accounts, outgoing HTTP and remote actors: every fetch is signed by the instance actor. */
export function openFederation({ publicUrl, allowPrivateNetwork, redisUrl }: Config, dataSource: DataSource): Federation {
  const accounts = new Accounts(dataSource, { publicUrl });
  const options = { allowPrivateNetwork, userAgent: `Heliograph (+${publicUrl}/)` };
  const [http, deliveryHttp] = [new SafeHttp(options), new SafeHttp(options)];
  const fetchDocument = documentFetcher({ http, signingKey: () => accounts.instanceSigningKey() });
  const redis = redisUrl ? new RedisActorCache(redisUrl) : null;
  const actors = new RemoteActors({ dataSource, fetchDocument, cache: redis ?? new MemoryActorCache(), allowPrivateNetwork });
  const closeFederation = async (): Promise<void> => {
    await Promise.all([http.close(), deliveryHttp.close()]);
    redis?.close();
  };
  return { accounts, actors, deliveryHttp, closeFederation };
}
