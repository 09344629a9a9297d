/** The Activity Streams 2.0 namespace, context and media type profile: all three are this IRI. */
export const ACTIVITY_STREAMS = 'https://www.w3.org/ns/activitystreams';
/** Addresses everybody (ActivityPub section 5.6). */
export const PUBLIC = `${ACTIVITY_STREAMS}#Public`;
/** The namespace that FEP-82f6 takes its terms from. */
export const SMITHEREEN = 'http://smithereen.software/ns#';

const FEP_82F6_TERMS = {
  sm: SMITHEREEN,
  ActorStatus: 'sm:ActorStatus',
  status: { '@type': '@id', '@id': 'sm:status' },
  statusHistory: { '@type': '@id', '@id': 'sm:statusHistory' },
} as const;

/** The `@context` of documents with FEP-82f6 terms, as the FEP gives it. */
export const STATUS_CONTEXT = [ACTIVITY_STREAMS, FEP_82F6_TERMS] as const;

/** The `@context` of actor documents: FEP-82f6's, keys, and the two flags that Mastodon-style servers read. */
export const ACTOR_CONTEXT = [
  ACTIVITY_STREAMS,
  'https://w3id.org/security/v1',
  FEP_82F6_TERMS,
  {
    manuallyApprovesFollowers: 'as:manuallyApprovesFollowers',
    toot: 'http://joinmastodon.org/ns#',
    discoverable: 'toot:discoverable',
  },
] as const;

/**
 * The spellings under which a FEP-82f6 term is met: the term, its compact IRI and its full IRI. Contexts are not processed, so that
 * none can give one of our terms another meaning.
 */
export const spellings = (term: 'ActorStatus' | 'status' | 'statusHistory'): readonly string[] => [
  term,
  `sm:${term}`,
  `${SMITHEREEN}${term}`,
];

/** Types of Activity Streams 2.0 actors (vocabulary section 3.2). */
export const ACTOR_TYPES = ['Person', 'Service', 'Application', 'Group', 'Organization'] as const;
export type ActorType = (typeof ACTOR_TYPES)[number];
