import { Accounts } from '@heliograph/accounts';
import { RemoteActors } from '@heliograph/actors';
import { GROUPS } from '@heliograph/contracts';
import { DatabaseClock, type Engines, type Service } from '@heliograph/engines';
import { connectEventBus, EventBusServer, resumeAt } from '@heliograph/event-bus';
import { createHttpApp, Health } from '@heliograph/platform';
import { SafeHttp } from '@heliograph/safe-http';
import { ActorRefreshes, DeliveryJobs, SocialGraph } from '@heliograph/social-graph';
import { StatusReader } from '@heliograph/status-store';
import { type DynamicModule, Module } from '@nestjs/common';
import { hostname } from 'node:os';
import { Histories } from './backfill/history.ts';
import { RefreshFlow } from './backfill/refresh.flow.ts';
import { Refresher } from './backfill/refresher.ts';
import { Composer } from './compose.ts';
import { Dispatcher } from './dispatcher.ts';
import { FanOutFlow } from './fan-out.flow.ts';
import { GraphFlow } from './graph.flow.ts';
import type { DeliveryOptions } from './ports.ts';
import { Poster } from './post.ts';
import { SendFlow } from './send.flow.ts';
import { BUS, OPTIONS } from './tokens.ts';
import { UpkeepFlow } from './upkeep.flow.ts';

@Module({})
export class DeliveryModule {
  static with({ clock, config, dataSource, accounts, actors, bus, deliveryHttp }: Engines, graph: SocialGraph): DynamicModule {
    const { publicUrl } = config;
    // The same name after a restart, so that the process finds what it had leased.
    const instance = `${hostname()}:${config.http.port}`;
    const options: DeliveryOptions = { publicUrl, ...config.delivery };
    return {
      module: DeliveryModule,
      controllers: [FanOutFlow, GraphFlow],
      providers: [
        Composer,
        Poster,
        SendFlow,
        Dispatcher,
        Histories,
        RefreshFlow,
        Refresher,
        UpkeepFlow,
        { provide: BUS, useValue: bus },
        { provide: OPTIONS, useValue: options },
        { provide: Accounts, useValue: accounts },
        { provide: RemoteActors, useValue: actors },
        { provide: DatabaseClock, useValue: clock },
        { provide: SafeHttp, useValue: deliveryHttp },
        { provide: SocialGraph, useValue: graph },
        { provide: StatusReader, useValue: new StatusReader(dataSource) },
        { provide: DeliveryJobs, useValue: new DeliveryJobs(dataSource, { instance }) },
        { provide: ActorRefreshes, useValue: new ActorRefreshes(dataSource, { instance }) },
      ],
    };
  }
}

/** The delivery service: keeps the social graph, and sends what others are to be told. Not listening yet. */
export async function createDelivery(engines: Engines): Promise<Service> {
  const { bus, config, dataSource } = engines;
  const graph = new SocialGraph(dataSource, { publicUrl: config.publicUrl });
  const health = new Health();
  const app = await createHttpApp({ module: DeliveryModule.with(engines, graph), health, bodyLimit: 1024 });
  const server = new EventBusServer({
    bus,
    group: GROUPS.delivery,
    startAt: async (topic, partition, committed) => resumeAt(await graph.loadOffset(topic, partition, GROUPS.delivery), committed),
  });
  connectEventBus(app, server);
  health.register({ name: 'postgres', probe: async () => void (await dataSource.query('SELECT 1')) });
  health.register({ name: 'event-bus', probe: () => bus.ping() });
  health.register({ name: 'consumers', probe: () => server.assertReady() });
  await app.init();
  await app.startAllMicroservices();
  return { app, health };
}
