import { Catch, type INestApplication, type RpcExceptionFilter } from '@nestjs/common';
import type { MicroserviceOptions, NestMicroservice } from '@nestjs/microservices';
import { type Observable, throwError } from 'rxjs';
import type { EventBusServer } from './event-bus-server.ts';

/** Hands a handler's error on as it is. Nest's own filter would replace it by "Internal server error". */
@Catch()
class ErrorsAsTheyAre implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * Attaches the event bus to an application; `app.startAllMicroservices()` then subscribes its `@EventPattern` handlers. Filters of the
 * handlers' own classes and methods still come first.
 */
export function connectEventBus(app: INestApplication, server: EventBusServer): void {
  // Handlers take their filters when they are registered, so that has to wait; then all is as connectMicroservice leaves it by itself.
  const connected = app.connectMicroservice<MicroserviceOptions>({ strategy: server }, { deferInitialization: true }) as NestMicroservice;
  connected.useGlobalFilters(new ErrorsAsTheyAre());
  connected.registerListeners();
  connected.setIsInitialized(true);
  connected.setIsInitHookCalled(true);
  server.errorsReachUs();
}
