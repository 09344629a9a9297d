import type { Account } from '@heliograph/accounts';
import { type Clock, DatabaseClock } from '@heliograph/engines';
import { type ReadStatus, StatusReader } from '@heliograph/status-store';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { goodPage } from '../api/page.ts';
import { sendPage } from '../federation/negotiate.ts';
import { ActorDirectory } from '../presenters/actor-directory.ts';
import { statusView } from '../presenters/status.view.ts';
import { profilePage, statusPage } from './profile.page.ts';

/** Statuses on a profile page. */
const ON_A_PAGE = 20;

/** The pages of local people, as they are now. */
@Injectable()
export class ProfilePages {
  constructor(
    @Inject(StatusReader) private readonly reader: StatusReader,
    @Inject(ActorDirectory) private readonly directory: ActorDirectory,
    @Inject(DatabaseClock) private readonly clock: Clock,
  ) {}

  async profile(account: Account, reply: FastifyReply): Promise<void> {
    const at = this.clock.now();
    const current = await this.reader.current(account.actor, at);
    const history = account.history ? goodPage(await this.reader.history(account.actor, { limit: ON_A_PAGE, cursor: null, at })).items : [];
    // FEP-82f6: what has expired is not displayed on the profile; what was removed is not, either.
    const past = history.filter(({ state }) => state === 'past').map(statusView);
    sendPage(reply, profilePage(this.directory.localView(account), account.bio, current && statusView(current), past));
  }

  status(account: Account, status: ReadStatus, reply: FastifyReply): void {
    sendPage(reply, statusPage(this.directory.localView(account), statusView(status)));
  }
}
