import { collectProcessMetrics, ConfigError, createLogger, Health, loadConfig, startTracing } from '@heliograph/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Engines, openEngines } from './engines.ts';

/** One service: an application on the engines, not listening yet. */
export interface Service {
  readonly app: NestFastifyApplication;
  readonly health: Health;
}
export type ServiceFactory = (engines: Engines) => Promise<Service>;

/** Time for a graceful stop: the batch in hand, the requests in hand. */
const STOP_MS = 10_000;
/** Part of it in which requests that are on their way still come in. */
const DRAIN_MS = 500;

/** Runs one service as a process of its own: engines, application, port, signals. */
export async function runService(name: string, create: ServiceFactory): Promise<void> {
  const log = createLogger(name);
  await orExit(name, async () => {
    const config = loadConfig();
    const stopTracing = await startTracing(config, name);
    const engines = await openEngines(config, { supervise: true });
    collectProcessMetrics();
    const { app, health } = await create(engines);
    await app.listen(engines.config.http.port, engines.config.http.host);
    log.info({ url: await app.getUrl() }, 'listening');
    onSignal(name, async () => {
      health.stopping();
      await drain(app.getHttpServer() as Server);
      await app.close();
      await engines.close();
      await stopTracing();
    });
  });
}

/** Serves what still comes in, and lets whoever keeps a connection open know that it ends with the next answer. */
export async function drain(server: Server): Promise<void> {
  server.maxRequestsPerSocket = 1;
  await sleep(DRAIN_MS);
}

/** Runs `start`; what it throws is told in one line, and ends the process with status 1. */
export async function orExit(name: string, start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    const hint = error instanceof ConfigError ? 'The environment is not right: ' : '';
    console.error(`${name}: ${hint}${error instanceof Error ? error.message : String(error)}`);
    if (!(error instanceof ConfigError)) createLogger(name).debug({ err: error }, 'start failed');
    process.exit(1);
  }
}

/** On SIGTERM and SIGINT: stops gracefully, within 10 s. A second signal ends the process at once. */
export function onSignal(name: string, stop: () => Promise<void>): void {
  const log = createLogger(name);
  let stopping = false;
  const end = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.error('not stopped within 10 s: ending now; what was not finished is done again at the next start');
      process.exit(1);
    }, STOP_MS).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}
