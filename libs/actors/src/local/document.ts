/**
 * What a local actor's document was made from. Both parts only ever grow: `account` with every change of the account, `status` with
 * every change of the actor's statuses. 0: none yet.
 */
export interface DocumentVersion {
  readonly account: number;
  readonly status: number;
}

/** A local actor's document as it is sent. */
export interface ReadyDocument {
  /** 410: the Tombstone of one who has left. */
  readonly status: 200 | 410;
  /** As in the header, with quotes. Two documents with one ETag have the same bytes. */
  readonly etag: string;
  readonly body: Buffer;
  /** When the status in it expires, milliseconds since the epoch: from then on it must not be shown. Null: it has none that does. */
  readonly endsAt: number | null;
}

/** A document, and a version that it is at least as new as. */
export interface VersionedDocument {
  readonly version: DocumentVersion;
  readonly document: ReadyDocument;
}

/** Where local actors' documents come from. */
export interface DocumentSource {
  /** The versions as they are now, by name; those who never were are left out. In one question for all. */
  versions(names: readonly string[]): Promise<ReadonlyMap<string, DocumentVersion>>;
  /** Writes the document; null: there never was such an actor. Reads the version before anything else, so that it never claims too much. */
  write(name: string): Promise<VersionedDocument | null>;
}

/** Longest that Redis keeps a document, in milliseconds: what bounds the harm of a change that Redis never heard of. */
export const DOCUMENT_TTL_MS = 60_000;
/** The same for a name that nobody has. */
export const UNKNOWN_TTL_MS = 10_000;

export const isShown = ({ endsAt }: Pick<ReadyDocument, 'endsAt'>, now: number): boolean => endsAt === null || endsAt > now;

export const isSameVersion = (a: DocumentVersion, b: DocumentVersion): boolean => a.account === b.account && a.status === b.status;

/**
 * What Redis says about a name. `claimedAt`: when whoever wrote this found nothing and began to read, by Redis's clock, milliseconds since
 * the epoch; all that was changed before is in it.
 */
export type Head =
  | ({ readonly kind: 'document'; readonly claimedAt: number; readonly version: DocumentVersion } & Omit<ReadyDocument, 'body'>)
  | { readonly kind: 'unknown'; readonly claimedAt: number }
  /** Somebody is reading. */
  | { readonly kind: 'claim'; readonly claimedAt: number };

export type DocumentHead = Extract<Head, { readonly kind: 'document' }>;

/** A head as it stands in Redis, word for word, and what it says. */
export interface Found<H extends Head = Head> {
  readonly text: string;
  readonly head: H;
}

/** What is kept for `document`, or for a name that nobody has, by the holder of `claim`. */
export function formatHead({ claimedAt }: Head, made: VersionedDocument | null): string {
  if (!made) return `u ${claimedAt}`;
  const { version, document } = made;
  return `d ${claimedAt} ${version.account}.${version.status} ${document.status} ${document.endsAt ?? '-'} ${document.etag}`;
}

const DOCUMENT = /^d (\d+) (\d+)\.(\d+) (200|410) (\d+|-) ("[^ "]+")$/;
const OTHER = /^([uc]) (\d+)(?: |$)/;

/** Null for what another release has written in another way: as if nothing were there. */
export function parseHead(text: string): Head | null {
  const found = DOCUMENT.exec(text);
  if (found) {
    const [, claimedAt, account, statusVersion, status, endsAt, etag] = found;
    return {
      kind: 'document',
      claimedAt: Number(claimedAt),
      version: { account: Number(account), status: Number(statusVersion) },
      status: status === '410' ? 410 : 200,
      endsAt: endsAt === '-' ? null : Number(endsAt),
      etag: etag!,
    };
  }
  const other = OTHER.exec(text);
  return other && { kind: other[1] === 'u' ? 'unknown' : 'claim', claimedAt: Number(other[2]) };
}
