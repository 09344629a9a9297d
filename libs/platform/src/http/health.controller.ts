import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Health, readinessBody, readinessStatus } from '../health.ts';
import { registry } from '../metrics.ts';

/** `/healthz`: the process runs. `/readyz`: it can do its work, and if not, which dependency is down. `/metrics`: Prometheus text. */
@Controller()
export class HealthController {
  constructor(@Inject(Health) private readonly health: Health) {}

  @Get('healthz')
  healthz(): { status: string } {
    return { status: 'ok' };
  }

  @Get('readyz')
  async readyz(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const report = await this.health.readiness();
    reply.code(readinessStatus(report));
    return readinessBody(report);
  }

  @Get('metrics')
  @Header('content-type', registry.contentType)
  metrics(): Promise<string> {
    return registry.metrics();
  }
}
