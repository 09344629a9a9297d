import { isNativeError } from 'node:util/types';
import { BusUnavailableError } from '../port.ts';

export const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION';

/** What is behind an error of kafkajs: the first of several, and what made it give up. */
function* causesOf(error: unknown): Generator<Error> {
  for (let cause = error; isNativeError(cause); ) {
    yield cause;
    cause = 'errors' in cause && Array.isArray(cause.errors) ? (cause.errors[0] as unknown) : cause.cause;
  }
}

/** Kafka's name of what went wrong, such as UNKNOWN_TOPIC_OR_PARTITION; null when the brokers did not say. */
export function kafkaErrorType(error: unknown): string | null {
  for (const cause of causesOf(error)) {
    if ('type' in cause && typeof cause.type === 'string') return cause.type;
    // What kafkajs makes of it when it has asked often enough: on a new cluster the coordinators' own topic is made first.
    if (cause.name === 'KafkaJSGroupCoordinatorNotFound') return 'GROUP_COORDINATOR_NOT_AVAILABLE';
  }
  return null;
}

/** Messages of kafkajs's errors tell nothing of what is in messages: it only quotes those without a value, and ours have one. */
export function unavailable(error: unknown): BusUnavailableError {
  if (error instanceof BusUnavailableError) return error;
  const messages = [...causesOf(error)].map(({ message }) => message);
  return new BusUnavailableError(`Apache Kafka: ${[...new Set(messages)].join(': ') || String(error)}`, { cause: error });
}

/** @throws BusUnavailableError when `promise` has not settled in time; whoever calls sees to it that its work ends too. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BusUnavailableError(`Apache Kafka: no answer in time when ${what}`)), ms);
  });
  // When time is up, how it ends no longer interests anybody.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
