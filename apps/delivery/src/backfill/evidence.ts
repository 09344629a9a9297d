import { checkReceived, publishedEvent, type ReadActor, type ReadStatus } from '@heliograph/activitypub';
import { compareVersions, formatInstant, instantKeyOf, isExpired, makeEvent, type StatusEvent } from '@heliograph/status';

/** An actor document at the instant its fetch began, milliseconds since the epoch. */
export interface SeenDocument {
  readonly document: Pick<ReadActor, 'id' | 'hasHistory' | 'status'>;
  readonly at: number;
}

/** What is known here of the actor. */
export interface KnownHere {
  /** Whether any document of the actor has shown a `status`. */
  readonly shownStatus: boolean;
  /** `published` of what shows as its current status, as sent; null: nothing does. */
  readonly currentPublished: string | null;
  /** Whether any past status is kept. */
  readonly keepsHistory: boolean;
}

/** A document may lag behind the activities by caches in between. */
const ABSENT_GRACE_MS = 10 * 60_000;

/**
 * What follows from a document that was fetched to refresh what is known (interop.md, "Where the FEP is silent"): the status it shows is a
 * version like one that was sent; that it shows none clears what is older than the grace, of actors who used to show one; that it has no
 * `statusHistory` ends the history.
 */
export function documentEvents({ document, at }: SeenDocument, known: KnownHere): readonly StatusEvent[] {
  const events: StatusEvent[] = [];
  const { id: actor, status, hasHistory } = document;
  if (!hasHistory && known.keepsHistory) events.push(makeEvent('HistoryErased', { actor, asOf: formatInstant(at, 3) }, remote(at)));
  if (status === 'absent') events.push(...absenceEvents(actor, at, known));
  else if (status && !checkReceived(status, at)) events.push(publishedEvent(status, hasHistory, at));
  return events;
}

/** As above, for a document without `status`. Only said where it changes what shows: an actor may have none for years. */
export function absenceEvents(actor: string, at: number, { shownStatus, currentPublished }: KnownHere): readonly StatusEvent[] {
  const cutoff = formatInstant(at - ABSENT_GRACE_MS, 3);
  const clears = shownStatus && currentPublished !== null && instantKeyOf(currentPublished) <= instantKeyOf(cutoff);
  return clears ? [makeEvent('StatusSeenAbsent', { actor, cutoff }, remote(at))] : [];
}

/**
 * What follows from statuses in the actor's history, all of them the actor's own and new to us.
 *
 * A history lists what was cleared, too, and does not say so. Therefore the document, fetched just before, has the word on what is current:
 * a status that is newer than the one it shows is left for the next time, when document and history agree; and where it shows none, the
 * ones that are old enough to be told from a document that lags behind are taken in as seen absent.
 */
export function historyEvents({ document, at }: SeenDocument, statuses: readonly ReadStatus[]): readonly StatusEvent[] {
  const { id: actor, status: shown } = document;
  const newest = newestTaken(shown, at);
  const taken = statuses.filter((status) => !checkReceived(status, at) && newest !== null && compareVersions(keyOf(status), newest) <= 0);
  const events = taken.map((status) => publishedEvent(status, true, at));
  const wouldShow = shown === 'absent' ? taken.filter(({ endTime }) => !isExpired(endTime, at)).sort((a, b) => compareVersions(keyOf(b), keyOf(a)))[0] : undefined;
  // First, so that it does not even flash up.
  return wouldShow ? [makeEvent('StatusSeenAbsent', { actor, cutoff: wouldShow.published }, remote(at)), ...events] : events;
}

type VersionKey = Parameters<typeof compareVersions>[0];

/** The greatest version that is taken from a history; null: a `status` that cannot be read says nothing, so nothing is. */
function newestTaken(shown: ReadActor['status'], at: number): VersionKey | null {
  if (shown === null) return null;
  if (shown !== 'absent') return keyOf(shown);
  const published = formatInstant(at - ABSENT_GRACE_MS, 3);
  // Below every status of that instant: these are left for the next time.
  return { publishedKey: instantKeyOf(published), statusId: '', published };
}

const keyOf = ({ statusId, published }: Pick<ReadStatus, 'statusId' | 'published'>): VersionKey => ({ publishedKey: instantKeyOf(published), statusId, published });
const remote = (at: number) => ({ receivedAt: formatInstant(at, 3), origin: 'remote' }) as const;
