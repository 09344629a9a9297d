/** A message of a type or version that this release does not know: a newer release wrote it, so a newer release must read it. */
export class UnknownMessageError extends Error {
  override readonly name = 'UnknownMessageError';
}

/** Something that the work needs does not answer just now; the message is not to blame. */
export class DependencyAwayError extends Error {
  override readonly name = 'DependencyAwayError';
}
