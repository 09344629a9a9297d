import { type Accounts } from '@heliograph/accounts';
import { actorUrls, tombstone } from '@heliograph/activitypub';
import type { DocumentSource, DocumentVersion, VersionedDocument } from '@heliograph/actors';
import type { Clock } from '@heliograph/engines';
import type { StatusReader } from '@heliograph/status-store';
import { personDocument } from './documents.ts';
import { represent } from './negotiate.ts';

/** Local actors' documents from PostgreSQL: the account, and the current status inlined (FEP-82f6). */
export class ActorDocumentSource implements DocumentSource {
  readonly #publicUrl: string;
  readonly #accounts: Accounts;
  readonly #reader: StatusReader;
  readonly #clock: Clock;

  constructor(publicUrl: string, accounts: Accounts, reader: StatusReader, clock: Clock) {
    this.#publicUrl = publicUrl;
    this.#accounts = accounts;
    this.#reader = reader;
    this.#clock = clock;
  }

  async versions(names: readonly string[]): Promise<ReadonlyMap<string, DocumentVersion>> {
    const actors = names.map((name) => this.#actor(name));
    const [accounts, statuses] = await Promise.all([this.#accounts.versionsOf(names), this.#reader.versionsOf(actors)]);
    return new Map(
      names.flatMap((name, i) => {
        const account = accounts.get(name);
        return account === undefined ? [] : [[name, { account, status: statuses.get(actors[i]!) ?? 0 }] as const];
      }),
    );
  }

  async write(name: string): Promise<VersionedDocument | null> {
    const [found, status] = await Promise.all([this.#accounts.lookup(name), this.#reader.versionOf(this.#actor(name))]);
    if (found.kind === 'unknown') return null;
    const { account } = found;
    const version = { account: account.version, status };
    if (found.kind === 'deleted') {
      const document = tombstone({ id: account.actor, formerType: 'Person', deleted: account.deletedAt });
      return { version, document: { status: 410, endsAt: null, ...represent(document) } };
    }
    const current = await this.#reader.current(account.actor, this.#clock.now());
    const endsAt = current?.endTime ? Date.parse(current.endTime) : null;
    return { version, document: { status: 200, endsAt, ...represent(personDocument(this.#publicUrl, account, current)) } };
  }

  #actor(name: string): string {
    return actorUrls(this.#publicUrl, name).id;
  }
}
