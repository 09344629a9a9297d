/** The versions of NodeInfo that are served. */
export const NODE_INFO_VERSIONS = ['2.0', '2.1'] as const;
export type NodeInfoVersion = (typeof NODE_INFO_VERSIONS)[number];

const schema = (version: NodeInfoVersion): string => `http://nodeinfo.diaspora.software/ns/schema/${version}`;

/** Content-Type of a NodeInfo document. */
export const nodeInfoContentType = (version: NodeInfoVersion): string => `application/json; profile="${schema(version)}#"`;

/** `/.well-known/nodeinfo`: the documents are at `/nodeinfo/VERSION`. */
export const nodeInfoIndex = (publicUrl: string) => ({
  links: NODE_INFO_VERSIONS.map((version) => ({ rel: schema(version), href: `${publicUrl.replace(/\/+$/, '')}/nodeinfo/${version}` })),
});

export interface NodeInfoStats {
  readonly softwareVersion: string;
  readonly openRegistrations: boolean;
  /** Local people: all, and, where it is counted, those who set a status within 30 and 180 days. */
  readonly users: { readonly total: number; readonly activeMonth?: number; readonly activeHalfyear?: number };
  /** Statuses that local people ever set. */
  readonly localPosts: number;
}

/** A NodeInfo document (schemas 2.0 and 2.1, which differ in members that we leave out). */
export const nodeInfo = (version: NodeInfoVersion, { softwareVersion, openRegistrations, users, localPosts }: NodeInfoStats) => ({
  version,
  software: { name: 'heliograph', version: softwareVersion },
  protocols: ['activitypub'],
  services: { inbound: [], outbound: [] },
  openRegistrations,
  usage: { users, localPosts },
  metadata: {},
});
