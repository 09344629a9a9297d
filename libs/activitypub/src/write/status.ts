import { formatInstant, parseInstant, type StatusContent } from '@heliograph/status';
import { STATUS_CONTEXT } from '../vocabulary.ts';

/** A status of a local person, as it is to be told to others. */
export interface WritableStatus {
  readonly id: string;
  readonly attributedTo: string;
  readonly content: StatusContent;
  /** RFC 3339. */
  readonly published: string;
  /** RFC 3339, or null. */
  readonly endTime: string | null;
}

/** A status to be removed or deleted: `content` is null where the text is erased already. */
export type RetractedStatus = Omit<WritableStatus, 'content' | 'endTime'> & { readonly content: StatusContent | null };

/** An ActorStatus to put into another document, whose `@context` must be FEP-82f6's. */
export interface StatusObject {
  readonly type: 'ActorStatus';
  readonly id: string;
  readonly attributedTo: string;
  readonly content: string;
  readonly contentMap?: Readonly<Record<string, string>>;
  readonly published: string;
  readonly endTime?: string;
  readonly attachment?: { readonly type: 'Link'; readonly href: string; readonly name?: string };
}

/**
 * Writes a status (FEP-82f6): `published` in milliseconds, `endTime` in whole seconds (rounded down, so that no peer shows the status
 * longer than we do), since Epicyon reads no others.
 *
 * @throws RangeError when a time is not RFC 3339: what is stored always is.
 */
export function statusObject({ id, attributedTo, content, published, endTime }: WritableStatus): StatusObject {
  const { text, language, attachment } = content;
  return {
    type: 'ActorStatus',
    id,
    attributedTo,
    content: text,
    ...(language !== null && { contentMap: { [language]: text } }),
    published: rewriteInstant(published, 3),
    ...(endTime !== null && { endTime: rewriteInstant(endTime, 0) }),
    ...(attachment !== null && { attachment: { type: 'Link', href: attachment.href, ...(attachment.name !== null && { name: attachment.name }) } }),
  };
}

/** A status as the document at its id. */
export const statusDocument = (status: WritableStatus) => ({ '@context': STATUS_CONTEXT, ...statusObject(status) });

/** The five members that Smithereen requires of a status in Remove and Delete; `content` may be empty there. */
export const retractedStatusObject = ({ id, attributedTo, content, published }: RetractedStatus): StatusObject => ({
  type: 'ActorStatus',
  id,
  attributedTo,
  content: content?.text ?? '',
  published: rewriteInstant(published, 3),
});

/** @throws RangeError when `text` is not RFC 3339. */
export function rewriteInstant(text: string, digits: 0 | 3): string {
  const instant = parseInstant(text);
  if (instant === null) throw new RangeError(`not an RFC 3339 date-time: ${text}`);
  return formatInstant(instant.ms, digits);
}
