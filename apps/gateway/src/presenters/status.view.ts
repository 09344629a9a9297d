import type { ReadStatus } from '@heliograph/status-store';

/** A status as the REST API and the streams tell it. */
export interface StatusView {
  readonly id: string;
  readonly url: string;
  readonly content: string;
  readonly published: string;
  readonly endTime: string | null;
  readonly attachment: { readonly href: string; readonly name: string | null } | null;
  readonly state: ReadStatus['state'];
}

type Viewed = Pick<ReadStatus, 'statusId' | 'content' | 'published' | 'endTime' | 'state'>;

export const statusView = ({ statusId, content, published, endTime, state }: Viewed): StatusView => ({
  id: statusId,
  url: statusId,
  content: content?.text ?? '',
  published,
  endTime,
  attachment: content?.attachment ?? null,
  state,
});
