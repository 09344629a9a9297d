import { Accounts } from '@heliograph/accounts';
import { documentFetcher, MemoryActorCache, RemoteActors } from '@heliograph/actors';
import type { Config } from '@heliograph/platform';
import { SafeHttp } from '@heliograph/safe-http';
import type { DataSource } from 'typeorm';

/** Who speaks for this server, and whom it knows elsewhere. */
export interface Federation {
  readonly accounts: Accounts;
  readonly actors: RemoteActors;
  readonly http: SafeHttp;
}

/** Puts together accounts, outgoing HTTP and remote actors: every fetch is signed by the instance actor. */
export function openFederation({ publicUrl, allowPrivateNetwork }: Config, dataSource: DataSource): Federation {
  const accounts = new Accounts(dataSource, { publicUrl });
  const http = new SafeHttp({ allowPrivateNetwork, userAgent: `Heliograph (+${publicUrl}/)` });
  const fetchDocument = documentFetcher({ http, signingKey: () => accounts.instanceSigningKey() });
  return { accounts, http, actors: new RemoteActors({ dataSource, fetchDocument, cache: new MemoryActorCache(), allowPrivateNetwork }) };
}
