import type { RemoteActor } from './remote-actor.ts';

/** It is not there (404 or 410). */
export interface Gone {
  readonly kind: 'gone';
}
/** It cannot be used, and asking again would not help. `reason` names no secret: it may be shown to whoever caused the request. */
export interface Refused {
  readonly kind: 'refused';
  readonly reason: string;
}
/** It cannot be had just now. */
export interface Unavailable {
  readonly kind: 'unavailable';
  /** `busy`: this server has too much to fetch. Otherwise about the other one. */
  readonly reason: string;
  /** 1 to 3600. */
  readonly retryAfterSeconds: number;
}
export type Failure = Gone | Refused | Unavailable;

/** `fetched`: from a document fetched by this call; else from what was known. */
export type ActorOutcome = { readonly kind: 'actor'; readonly actor: RemoteActor; readonly fetched: boolean } | Failure;

/** `fetched` as above: when a signature does not verify with a key that was not, `refetch` may help. */
export type KeyOutcome = { readonly kind: 'key'; readonly pem: string; readonly actor: RemoteActor; readonly fetched: boolean } | Failure;

const BUSY = 'busy';

/** This server has too many fetches under way; the other one was not asked. To be tried again after 5 to 30 seconds, not by all at once. */
export const busy = (): Unavailable => ({ kind: 'unavailable', reason: BUSY, retryAfterSeconds: 5 + Math.floor(Math.random() * 26) });
export const isBusy = (failure: Failure): boolean => failure.kind === 'unavailable' && failure.reason === BUSY;

export const refused = (reason: string): Refused => ({ kind: 'refused', reason });
