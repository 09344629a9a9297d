import { GROUPS, TOPICS } from '@heliograph/contracts';
import { DatabaseClock, type Engines, type Service } from '@heliograph/engines';
import { connectEventBus, EventBusServer, resumeAt } from '@heliograph/event-bus';
import { createHttpApp, Health } from '@heliograph/platform';
import { loadOffset, StatusProjection } from '@heliograph/status-store';
import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ProjectFlow } from './project.flow.ts';
import { SweepFlow } from './sweep.flow.ts';
import { BUS, DOCUMENTS } from './tokens.ts';

/** A backlog is worked off fastest in large transactions: what a batch itself replaces is never written. Some 100 ms of work. */
const MAX_BATCH = 1_000;

@Module({})
class StatusProjectionModule {
  static with(engines: Engines, projection: StatusProjection): DynamicModule {
    return {
      module: StatusProjectionModule,
      controllers: [ProjectFlow],
      providers: [
        SweepFlow,
        { provide: StatusProjection, useValue: projection },
        { provide: DataSource, useValue: engines.dataSource },
        { provide: DatabaseClock, useValue: engines.clock },
        { provide: BUS, useValue: engines.bus },
        { provide: DOCUMENTS, useValue: engines.documents },
      ],
    };
  }
}

/** The status-projection service: consumes `status.submitted`, writes log and tables, announces `status.recorded`. */
export async function createStatusProjection(engines: Engines): Promise<Service> {
  const projection = new StatusProjection(engines.dataSource);
  const health = new Health();
  const app = await createHttpApp({ module: StatusProjectionModule.with(engines, projection), health, bodyLimit: 1024 });
  const strategy = new EventBusServer({
    bus: engines.bus,
    group: GROUPS.projection,
    maxBatch: MAX_BATCH,
    startAt: async (topic, partition, committed) => resumeAt(await loadOffset(engines.dataSource, topic, partition, GROUPS.projection), committed),
  });
  connectEventBus(app, strategy);
  health.register({ name: 'postgres', probe: async () => void (await engines.dataSource.query('SELECT 1')) });
  health.register({ name: 'event-bus', probe: () => engines.bus.ping() });
  health.register({ name: TOPICS.statusSubmitted.name, probe: () => strategy.assertReady() });
  await app.init();
  await app.startAllMicroservices();
  return { app, health };
}
