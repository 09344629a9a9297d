import { Accounts } from '@heliograph/accounts';
import { ActorDocuments, RemoteActors } from '@heliograph/actors';
import { DatabaseClock, type Engines, type Service } from '@heliograph/engines';
import { createHttpApp, Health } from '@heliograph/platform';
import { SocialGraph } from '@heliograph/social-graph';
import { StatusReader } from '@heliograph/status-store';
import { type DynamicModule, Module } from '@nestjs/common';
import { AccountController } from './api/account.controller.ts';
import { ActorsController } from './api/actors.controller.ts';
import { BlocksController } from './api/blocks.controller.ts';
import { FollowRequestsController } from './api/follow-requests.controller.ts';
import { FollowingController } from './api/following.controller.ts';
import { describeApi } from './api/openapi.ts';
import { StatusesController } from './api/statuses.controller.ts';
import { BearerGuard } from './auth/bearer.guard.ts';
import { BlockCommands } from './commands/block.commands.ts';
import { FollowCommands } from './commands/follow.commands.ts';
import { FollowerCommands } from './commands/follower.commands.ts';
import { ForgetIdempotencyKeys } from './commands/forget-keys.ts';
import { Idempotency } from './commands/idempotency.ts';
import { StatusCommands } from './commands/status.commands.ts';
import { Submit } from './commands/submit.ts';
import { ActorController } from './federation/actor.controller.ts';
import { ActorDocumentSource } from './federation/actor-document.source.ts';
import { routeActors } from './federation/actor.routes.ts';
import { CollectionsController } from './federation/collections.controller.ts';
import { LocalAccounts } from './federation/local-accounts.ts';
import { OutboxController } from './federation/outbox.controller.ts';
import { OutboxRelations } from './federation/outbox-relations.ts';
import { WellKnownController } from './federation/well-known.controller.ts';
import { LandingController } from './pages/landing.controller.ts';
import { ProfilePages } from './pages/profile-pages.ts';
import { ActorDirectory } from './presenters/actor-directory.ts';
import { Blocks } from './presenters/blocks.ts';
import { Sought } from './presenters/sought.ts';
import { DocumentVersions } from './recorded/document-versions.ts';
import { RecordedEvents } from './recorded/recorded-events.ts';
import { StreamController } from './stream/stream.controller.ts';
import { BUS, CONFIG } from './tokens.ts';

/** Bytes of a request to the gateway: what people type is small. */
const BODY_LIMIT = 65_536;

@Module({})
class GatewayModule {
  static with({ bus, clock, config, dataSource, accounts, actors, documents }: Engines): DynamicModule {
    const reader = new StatusReader(dataSource);
    const source = new ActorDocumentSource(config.publicUrl, accounts, reader, clock);
    return {
      module: GatewayModule,
      controllers: [
        ActorsController,
        StatusesController,
        FollowingController,
        FollowRequestsController,
        BlocksController,
        AccountController,
        StreamController,
        ActorController,
        CollectionsController,
        OutboxController,
        WellKnownController,
        LandingController,
      ],
      providers: [
        ActorDirectory,
        BearerGuard,
        BlockCommands,
        Blocks,
        FollowCommands,
        FollowerCommands,
        ForgetIdempotencyKeys,
        Idempotency,
        LocalAccounts,
        OutboxRelations,
        ProfilePages,
        RecordedEvents,
        Sought,
        StatusCommands,
        Submit,
        { provide: Accounts, useValue: accounts },
        { provide: DatabaseClock, useValue: clock },
        { provide: RemoteActors, useValue: actors },
        { provide: SocialGraph, useValue: new SocialGraph(dataSource, { publicUrl: config.publicUrl }) },
        { provide: StatusReader, useValue: reader },
        { provide: ActorDocuments, useValue: new ActorDocuments({ source, shared: documents, now: () => clock.now().getTime() }) },
        { provide: DocumentVersions, useValue: new DocumentVersions(reader, documents) },
        { provide: BUS, useValue: bus },
        { provide: CONFIG, useValue: config },
      ],
    };
  }
}

/** The gateway service: public reads, the client APIs, streams and pages. */
export async function createGateway(engines: Engines): Promise<Service> {
  const health = new Health();
  const app = await createHttpApp({ module: GatewayModule.with(engines), health, bodyLimit: BODY_LIMIT });
  routeActors(app);
  describeApi(app);
  health.register({ name: 'postgres', probe: async () => void (await engines.dataSource.query('SELECT 1')) });
  health.register({ name: 'event-bus', probe: () => engines.bus.ping() });
  health.register({
    name: 'status.recorded.v1',
    probe: () => {
      if (!app.get(RecordedEvents).ready) throw new Error('not subscribed');
    },
  });
  return { app, health };
}
