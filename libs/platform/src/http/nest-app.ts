import { type DynamicModule, type LoggerService, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Health } from '../health.ts';
import { createLogger } from '../logger.ts';
import { HealthController } from './health.controller.ts';
import { ProblemFilter, sendProblem, problemOf } from './problem.filter.ts';
import { observeRequests } from './request-telemetry.ts';

const logger = createLogger('nest');
const text = (message: unknown): string => (typeof message === 'string' ? message : JSON.stringify(message));

/** Nest's own messages as JSON lines; its start-up chatter only at debug level. */
const nestLogger: LoggerService = {
  log: (message, context) => logger.debug({ context }, text(message)),
  error: (message, stack, context) => logger.error({ context, stack }, text(message)),
  warn: (message, context) => logger.warn({ context }, text(message)),
  debug: (message, context) => logger.debug({ context }, text(message)),
  verbose: (message, context) => logger.trace({ context }, text(message)),
};

export interface HttpAppOptions {
  /** The application's module; `Health` is provided beside it, globally. */
  readonly module: DynamicModule | Type;
  readonly health: Health;
  /** Bytes; larger bodies are refused with 413. */
  readonly bodyLimit: number;
}

@Module({})
class RootModule {}

/** A Nest application on Fastify with health, metrics and problem documents; not listening yet. */
export async function createHttpApp(options: HttpAppOptions): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: options.bodyLimit,
    // Slow clients: the whole request head and body within a minute.
    requestTimeout: 60_000,
    routerOptions: { maxParamLength: 2_100 },
    frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) => sendProblem(reply, problemOf(error)),
    forceCloseConnections: 'idle',
  });
  const root: DynamicModule = {
    module: RootModule,
    global: true,
    imports: [options.module],
    controllers: [HealthController],
    providers: [{ provide: Health, useValue: options.health }],
    exports: [Health],
  };
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, { logger: nestLogger, rawBody: false, bodyParser: false, abortOnError: false });
  app.useGlobalFilters(new ProblemFilter());
  const fastify = adapter.getInstance();
  observeRequests(fastify);
  fastify.removeAllContentTypeParsers();
  // Bodies arrive as bytes: who needs JSON says so with `jsonBody`, who checks a digest needs exactly what was sent.
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  return app;
}
