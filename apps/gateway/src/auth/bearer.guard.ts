import { type Account, Accounts } from '@heliograph/accounts';
import { Problem } from '@heliograph/platform';
import { type CanActivate, createParamDecorator, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

type WithAccount = FastifyRequest & { account?: Account };

/** The account that the request's Bearer token belongs to (RFC 6750), or null without one. @throws Problem 401 for a token we do not know. */
export async function accountOf(request: FastifyRequest, accounts: Accounts): Promise<Account | null> {
  const { authorization } = request.headers;
  if (authorization === undefined) return null;
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1];
  if (!token) throw new Problem(401, 'The Authorization header is not "Bearer TOKEN".');
  const account = await accounts.authenticate(token);
  if (!account) throw new Problem(401, 'The access token is unknown or was revoked.');
  return account;
}

/** Lets only requests with a valid token through. */
@Injectable()
export class BearerGuard implements CanActivate {
  constructor(@Inject(Accounts) private readonly accounts: Accounts) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<WithAccount>();
    const account = await accountOf(request, this.accounts);
    if (!account) throw new Problem(401, 'This needs an access token: send "Authorization: Bearer TOKEN".');
    request.account = account;
    return true;
  }
}

/** The account behind the token, in handlers guarded by {@link BearerGuard}. */
export const Me = createParamDecorator((_: unknown, context: ExecutionContext): Account => {
  const { account } = context.switchToHttp().getRequest<WithAccount>();
  if (!account) throw new Error('@Me() on a handler without BearerGuard');
  return account;
});
