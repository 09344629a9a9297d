import { Accounts } from '@heliograph/accounts';
import { documentFetcher, MemoryActorCache, RemoteActors } from '@heliograph/actors';
import { SafeHttp } from '@heliograph/safe-http';
import type { Engines } from './engines.ts';

/** Who speaks for this server, and whom it knows elsewhere. */
export interface Federation {
  readonly accounts: Accounts;
  readonly actors: RemoteActors;
  readonly http: SafeHttp;
}

/** Puts together accounts, outgoing HTTP and remote actors: every fetch is signed by the instance actor. */
export function openFederation({ config, dataSource }: Engines): Federation {
  const { publicUrl, allowPrivateNetwork } = config;
  const accounts = new Accounts(dataSource, { publicUrl });
  const http = new SafeHttp({ allowPrivateNetwork, userAgent: `Heliograph (+${publicUrl}/)` });
  const instanceActor = `${publicUrl}/actor`;
  const signingKey = async (): Promise<NonNullable<Awaited<ReturnType<Accounts['signingKey']>>>> => {
    const key = await accounts.signingKey(instanceActor);
    if (!key) throw new Error(`${instanceActor} has no key`);
    return key;
  };
  const fetchDocument = documentFetcher({ http, signingKey });
  return { accounts, http, actors: new RemoteActors({ dataSource, fetchDocument, cache: new MemoryActorCache(), allowPrivateNetwork }) };
}
