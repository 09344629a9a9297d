import { type Account } from '@heliograph/accounts';
import {
  type ActorDocument,
  actorDocument,
  actorUrls,
  createActivity,
  deleteActivity,
  followActivity,
  removeActivity,
  type RetractedStatus,
  statusActivityId,
  undoActivity,
  undoId,
  type WritableStatus,
} from '@heliograph/activitypub';
import type { ReadEvent, ReadStatus } from '@heliograph/status-store';
import { html } from '../pages/html.ts';

/** A local status as other servers are told of it. @throws Error when its text is erased: ask for its state first. */
export function writableStatus({ statusId, actor, content, publishedRaw, endTime }: Pick<ReadStatus, 'statusId' | 'actor' | 'content' | 'publishedRaw' | 'endTime'>): WritableStatus {
  if (content === null) throw new Error(`the text of ${statusId} is erased`);
  return { id: statusId, attributedTo: actor, content, published: publishedRaw, endTime };
}

export function personDocument(publicUrl: string, account: Account, current: ReadStatus | null): ActorDocument {
  return actorDocument({
    urls: actorUrls(publicUrl, account.name),
    preferredUsername: account.name,
    name: account.displayName || account.name,
    summary: account.bio && html`<p>${account.bio}</p>`.markup,
    published: account.createdAt,
    publicKeyPem: account.publicKeyPem,
    icon: account.iconUrl ? { url: account.iconUrl, mediaType: 'image/png' } : null,
    manuallyApprovesFollowers: account.locked,
    discoverable: true,
    status: current && writableStatus(current),
    keepsHistory: account.history,
  });
}

/** The activities of one local actor, under the ids that delivery gives them too. */
export class LocalActivities {
  readonly #urls: ReturnType<typeof actorUrls>;

  constructor(publicUrl: string, name: string) {
    this.#urls = actorUrls(publicUrl, name);
  }

  create(status: WritableStatus): ReturnType<typeof createActivity> {
    return createActivity({ id: statusActivityId(status.id, 'create'), ...this.#heading, status });
  }

  /** A Remove or Delete; `status` says what is known of it, its text may be erased. */
  retract(type: 'Remove' | 'Delete', status: RetractedStatus): { readonly id: string } {
    return type === 'Remove'
      ? removeActivity({ id: statusActivityId(status.id, 'remove'), ...this.#heading, status })
      : deleteActivity({ id: statusActivityId(status.id, 'delete'), ...this.#heading, status });
  }

  /** The activity of a recorded event; null when there is nothing (any more) to tell. */
  of({ kind, statusId, content, published, endTime }: ReadEvent): object | null {
    if (statusId === null || published === null) return null;
    const status = { id: statusId, attributedTo: this.#urls.id, content, published, endTime };
    switch (kind) {
      case 'StatusPublished':
        return content && this.create({ ...status, content });
      case 'StatusRemoved':
        return this.retract('Remove', status);
      case 'StatusDeleted':
        return this.retract('Delete', { ...status, content: null });
      default:
        return null;
    }
  }

  follow(followId: string, object: string): ReturnType<typeof followActivity> {
    return followActivity({ id: followId, actor: this.#urls.id, object });
  }

  undo(followId: string, object: string): ReturnType<typeof undoActivity> {
    return undoActivity({ id: undoId(followId), follow: { id: followId, actor: this.#urls.id, object } });
  }

  get #heading(): { actor: string; followers: string } {
    return { actor: this.#urls.id, followers: this.#urls.followers };
  }
}
