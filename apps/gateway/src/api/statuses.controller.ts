import type { Account } from '@heliograph/accounts';
import { type Clock, DatabaseClock } from '@heliograph/engines';
import { Problem, readJson } from '@heliograph/platform';
import { localStatusId } from '@heliograph/status';
import { StatusReader } from '@heliograph/status-store';
import { Controller, Delete, HttpCode, Inject, Param, Put, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BearerGuard, Me } from '../auth/bearer.guard.ts';
import { StatusCommands } from '../commands/status.commands.ts';
import { ActorDirectory, type ActorView } from '../presenters/actor-directory.ts';
import { type StatusView, statusView } from '../presenters/status.view.ts';
import { readObject } from './object.ts';
import { actorStatusSchema, newStatusSchema, problem } from './schemas.ts';

/** One's own status. */
@ApiTags('status')
@ApiBearerAuth()
@UseGuards(BearerGuard)
@Controller('api')
export class StatusesController {
  constructor(
    @Inject(StatusCommands) private readonly commands: StatusCommands,
    @Inject(StatusReader) private readonly reader: StatusReader,
    @Inject(ActorDirectory) private readonly directory: ActorDirectory,
    @Inject(DatabaseClock) private readonly clock: Clock,
  ) {}

  @Put('status')
  @ApiOperation({ summary: 'Set the status', operationId: 'putStatus' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, schema: { type: 'string' } })
  @ApiBody({ schema: newStatusSchema })
  @ApiResponse({ status: 200, schema: actorStatusSchema, description: 'set, and visible to readers' })
  @ApiResponse({ status: 202, schema: actorStatusSchema, description: 'safe; readers will see it shortly' })
  @ApiResponse(problem(401, 'no token'))
  @ApiResponse(problem(422, 'a field'))
  async put(@Me() me: Account, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<{ actor: ActorView; status: StatusView | null }> {
    const { content, endTime, expiresIn, attachment } = readObject(readJson(request.body));
    const { event, submitted } = await this.commands.publish(me, { content, endTime, expiresIn, attachment }, request);
    reply.code(submitted === 'visible' ? 200 : 202);
    const { statusId, published, content: text, endTime: ends } = event.data;
    const row = { statusId, published, content: text, endTime: ends, state: 'current' as const };
    return { actor: this.directory.localView(me), status: statusView(row) };
  }

  @Delete('status')
  @ApiOperation({ summary: 'Clear the status; a history keeps it', operationId: 'clearStatus' })
  @ApiResponse({ status: 200, schema: actorStatusSchema, description: 'nothing shows now' })
  @ApiResponse({ status: 202, schema: actorStatusSchema, description: 'safe; readers will see it shortly' })
  async clear(@Me() me: Account, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<{ actor: ActorView; status: null }> {
    const { submitted } = await this.commands.removeCurrent(me, request);
    reply.code(submitted === 'visible' ? 200 : 202);
    return { actor: this.directory.localView(me), status: null };
  }

  @Delete('statuses/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Erase one status, current or past', operationId: 'deleteStatus' })
  @ApiResponse({ status: 204, description: 'erased' })
  @ApiResponse({ status: 202, description: 'safe; readers will see it shortly' })
  @ApiResponse(problem(404, 'not one of yours'))
  async delete(@Me() me: Account, @Param('id') id: string, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    if (!/^[1-9]\d{0,15}$/.test(id) || !Number.isSafeInteger(Number(id))) throw new Problem(404, `You have no status ${id}.`);
    const statusId = localStatusId(me.actor, id);
    if ((await this.reader.byId(me.actor, statusId, this.clock.now())).kind === 'unknown') throw new Problem(404, `You have no status ${id}.`);
    const { submitted } = await this.commands.delete(me, statusId, request);
    if (submitted === 'accepted') reply.code(202);
  }
}
