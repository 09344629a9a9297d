import { type Account, Accounts } from '@heliograph/accounts';
import { Problem, readJson } from '@heliograph/platform';
import { Controller, Get, Inject, Patch, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { BearerGuard, Me } from '../auth/bearer.guard.ts';
import { ActorDirectory, type ActorView } from '../presenters/actor-directory.ts';
import { readObject } from './object.ts';
import { accountChangeSchema, accountSchema, problem } from './schemas.ts';

interface AccountView {
  readonly actor: ActorView;
  readonly locked: boolean;
}

/** One's own account. */
@ApiTags('account')
@ApiBearerAuth()
@ApiResponse(problem(401, 'no token'))
@UseGuards(BearerGuard)
@Controller('api/account')
export class AccountController {
  constructor(
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(ActorDirectory) private readonly directory: ActorDirectory,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Who you are', operationId: 'getAccount' })
  @ApiResponse({ status: 200, schema: accountSchema })
  read(@Me() me: Account): AccountView {
    return this.#view(me);
  }

  @Patch()
  @ApiOperation({
    summary: 'Lock or unlock your account',
    description: 'A locked account lets nobody follow without its approval (see follow requests). Who follows already stays, and so does who waits when it is unlocked.',
    operationId: 'patchAccount',
  })
  @ApiBody({ schema: accountChangeSchema })
  @ApiResponse({ status: 200, schema: accountSchema })
  @ApiResponse(problem(422, 'a field'))
  async change(@Me() me: Account, @Req() request: FastifyRequest): Promise<AccountView> {
    const { locked } = readObject(readJson(request.body));
    if (typeof locked !== 'boolean') throw new Problem(422, '"locked" is true or false.', { field: 'locked' });
    const changed = await this.accounts.setLocked(me.name, locked);
    if (!changed) throw new Problem(401, 'The account does not exist any more.');
    return this.#view(changed);
  }

  #view(account: Account): AccountView {
    return { actor: this.directory.localView(account), locked: account.locked };
  }
}
