import { Accounts } from '@heliograph/accounts';
import { RemoteActors } from '@heliograph/actors';
import type { Engines, Service } from '@heliograph/engines';
import { createHttpApp, Health } from '@heliograph/platform';
import { SocialGraph } from '@heliograph/social-graph';
import { StatusReader } from '@heliograph/status-store';
import { type DynamicModule, Module } from '@nestjs/common';
import { InboxController } from './inbox.controller.ts';
import { routeInbox } from './inbox.routes.ts';
import { ReceiveFlow } from './receive.flow.ts';
import { BUS, HOSTS, PUBLIC_URL } from './tokens.ts';
import { Translator } from './translate.ts';
import { count } from './verdict.ts';
import { Verifier } from './verify.ts';

@Module({})
class InboxIngestModule {
  static with({ bus, config, dataSource, accounts, actors }: Engines): DynamicModule {
    return {
      module: InboxIngestModule,
      controllers: [InboxController],
      providers: [
        ReceiveFlow,
        Translator,
        Verifier,
        { provide: Accounts, useValue: accounts },
        { provide: RemoteActors, useValue: actors },
        { provide: SocialGraph, useValue: new SocialGraph(dataSource, { publicUrl: config.publicUrl }) },
        { provide: StatusReader, useValue: new StatusReader(dataSource) },
        { provide: BUS, useValue: bus },
        { provide: PUBLIC_URL, useValue: config.publicUrl },
        { provide: HOSTS, useValue: [new URL(config.publicUrl).host] },
      ],
    };
  }
}

/** The inbox-ingest service: takes activities from other servers and puts what follows from them on the bus. */
export async function createInboxIngest(engines: Engines): Promise<Service> {
  const health = new Health();
  health.register({ name: 'postgres', probe: async () => void (await engines.dataSource.query('SELECT 1')) });
  health.register({ name: 'event-bus', probe: () => engines.bus.ping() });
  const module = InboxIngestModule.with(engines);
  const app = await createHttpApp({ module, health, bodyLimit: engines.config.inboxBodyLimit });
  routeInbox(app);
  // Refused before a controller saw them, or by accident.
  app.getHttpAdapter().getInstance().addHook('onResponse', async (_request, { statusCode }) => {
    if (statusCode === 413) count('too-large');
    if (statusCode === 500) count('failed');
  });
  return { app, health };
}
