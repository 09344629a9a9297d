import { BaseRpcContext } from '@nestjs/microservices';
import type { WorkContext } from '../consume/worker.ts';

/** What a handler gets as `@Ctx()`. The batch is its `@Payload()`. */
export class BusContext extends BaseRpcContext<[WorkContext]> implements WorkContext {
  /** See `BatchContext.signal`. */
  get signal(): AbortSignal {
    return this.args[0].signal;
  }

  /** See `BatchContext.heartbeat`. */
  heartbeat(): Promise<void> {
    return this.args[0].heartbeat();
  }
}
