import { ACTIVITY_JSON, JRD_JSON } from '../media-types.ts';

interface WebFingerSubject {
  /** `name@host`. */
  readonly handle: string;
  /** Id of the actor. */
  readonly actor: string;
  /** The page for people. */
  readonly profile: string;
}

/** The answer about a local person (RFC 7033 section 4.4). */
export const webFinger = ({ handle, actor, profile }: WebFingerSubject) => ({
  subject: `acct:${handle}`,
  aliases: [profile, actor],
  links: [
    { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: profile },
    { rel: 'self', type: ACTIVITY_JSON, href: actor },
  ],
});

/** host-meta in XML (RFC 6415 section 2): where WebFinger is. */
export const hostMetaXml = (publicUrl: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">
  <Link rel="lrdd" type="${JRD_JSON}" template="${escapeXml(webFingerTemplate(publicUrl))}"/>
</XRD>
`;

/** host-meta in JSON (RFC 6415 appendix A). */
export const hostMetaJson = (publicUrl: string) => ({ links: [{ rel: 'lrdd', type: JRD_JSON, template: webFingerTemplate(publicUrl) }] });

const webFingerTemplate = (publicUrl: string): string => `${publicUrl.replace(/\/+$/, '')}/.well-known/webfinger?resource={uri}`;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
