import type { RefreshOutcome, RemoteActors } from '@heliograph/actors';
import type { Mailbox } from '@heliograph/contracts';
import { refuse } from './verdict.ts';

/** For documents that may lag behind the activity by caches in between, in seconds. */
const RETRY_AFTER = 300;

/**
 * Whether both actors say that `from` is `to` now: the old one by `movedTo`, the new one by `alsoKnownAs`. Either alone could be told by
 * somebody who wants another's followers. Both documents are fetched, since what is known of them may be from before the move.
 * @returns where mail for the new one goes.
 * @throws Problem 422 when one of them says otherwise, 503 when it cannot be known just now.
 */
export async function checkMove(actors: Pick<RemoteActors, 'refresh'>, from: string, to: string): Promise<Mailbox> {
  const fetch = async (iri: string) => found(iri, await actors.refresh(iri, null));
  const [old, moved] = await Promise.all([fetch(from), fetch(to)]);
  const { movedTo } = old.document;
  if (movedTo === null) throw refuse('actor-unavailable', 503, `${from} does not say yet, by "movedTo", that it moved.`, { retryAfter: RETRY_AFTER });
  if (movedTo !== to) throw refuse('invalid', 422, `${from} says, by "movedTo", that it moved elsewhere.`, { field: 'target' });
  if (!moved.document.alsoKnownAs.includes(from)) throw refuse('invalid', 422, `${to} does not say, by "alsoKnownAs", that it was ${from}.`, { field: 'target' });
  const { iri: actor, inbox, sharedInbox } = moved.actor;
  return { actor, inbox, sharedInbox };
}

function found(iri: string, outcome: RefreshOutcome): Extract<RefreshOutcome, { kind: 'actor' }> {
  switch (outcome.kind) {
    case 'actor':
      return outcome;
    case 'unavailable':
      throw refuse('actor-unavailable', 503, `${iri} could not be fetched just now; send the activity again.`, { retryAfter: outcome.retryAfterSeconds });
    case 'gone':
    case 'refused':
    case 'unchanged':
      throw refuse('invalid', 422, `${iri} cannot be read, so that it cannot be known whether it moved.`, { field: 'target' });
    default:
      return outcome satisfies never;
  }
}
