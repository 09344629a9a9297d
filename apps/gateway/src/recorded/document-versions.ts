import type { RedisDocuments } from '@heliograph/actors';
import type { StatusRecorded } from '@heliograph/contracts';
import { createLogger } from '@heliograph/platform';
import type { StatusReader } from '@heliograph/status-store';

const log = createLogger('gateway');

/**
 * Sees to it, before anybody is told that a status is recorded, that no gateway goes on with what was before. The projection has told Redis
 * already; but it may have been unable to, and may have died since (ADR 0016).
 */
export class DocumentVersions {
  readonly #reader: Pick<StatusReader, 'versionsOf'>;
  readonly #documents: Pick<RedisDocuments, 'raiseStatuses'> | null;

  /** @param documents null: there is no Redis, and every request asks PostgreSQL. */
  constructor(reader: Pick<StatusReader, 'versionsOf'>, documents: Pick<RedisDocuments, 'raiseStatuses'> | null) {
    this.#reader = reader;
    this.#documents = documents;
  }

  /** Does not reject: when PostgreSQL is away, the projection's own word has to do. */
  async raise(events: readonly StatusRecorded['data'][]): Promise<void> {
    const actors = new Set(events.filter(({ origin }) => origin === 'local').map(({ actor }) => actor));
    if (!this.#documents || actors.size === 0) return;
    try {
      const versions = await this.#reader.versionsOf([...actors]);
      await this.#documents.raiseStatuses([...versions].map(([actor, version]) => ({ actor, version })));
    } catch (error) {
      log.warn({ err: error }, 'cannot ask for the versions of recorded statuses');
    }
  }
}
