import { createRequire } from 'node:module';
import type { RecordMetadata } from 'kafkajs';
import type { Round } from './rounds.ts';

interface ProduceRequest {
  readonly topicData: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number }[] }[];
}
interface ProduceResponse {
  readonly topics: readonly { readonly topicName: string; readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[] }[];
}
type Produce = (this: unknown, request: ProduceRequest) => Promise<ProduceResponse>;

const require = createRequire(import.meta.url);
const { prototype } = require('kafkajs/src/broker') as { readonly prototype: { produce: Produce } };
const { createErrorFromCode } = require('kafkajs/src/protocol/error') as { createErrorFromCode(code: number): Error & { readonly retriable: boolean } };

/** Of the answer to a produce request, those that brokers of today speak and kafkajs knows. */
const VERSIONS = [3, 4, 5, 6, 7];
/** Kafka's own code for a connection that ended before the answer came (NETWORK_EXCEPTION): it may be there, or not. */
const NO_ANSWER = 13;

/**
 * kafkajs 2.2.4 forgets what was taken as soon as one partition is refused, or one of several brokers does not answer; all it can do then is
 * to send everything again. Here a request ends with an answer for each partition, whatever it is, and nothing of it is still under way.
 * Importing this file is all it takes.
 */
for (const version of VERSIONS) {
  const response = require(`kafkajs/src/protocol/requests/produce/v${version}/response`) as { parse(data: ProduceResponse): Promise<ProduceResponse> };
  response.parse = async (data) => data;
}
const { produce } = prototype;
prototype.produce = async function produceWithAnswers(request) {
  try {
    return await produce.call(this, request);
  } catch {
    return { topics: request.topicData.map(({ topic, partitions }) => ({ topicName: topic, partitions: partitions.map(({ partition }) => ({ partition, errorCode: NO_ANSWER })) })) };
  }
};

/** What is left of a round. */
export interface Unconfirmed {
  /** Messages of partitions that were not confirmed; empty when all are. */
  readonly round: Round;
  /** Why the first of them was not. */
  readonly reason: Error | null;
  /** Whether sending it again may help. */
  readonly retriable: boolean;
}

/** @param answers of one request with all of the round; kafkajs leaves out, without a word, what is for a partition that it does not know. */
export function unconfirmed(round: Round, answers: readonly Pick<RecordMetadata, 'topicName' | 'partition' | 'errorCode'>[]): Unconfirmed {
  const codes = new Map(answers.map(({ topicName, partition, errorCode }) => [`${topicName} ${partition}`, errorCode]));
  const left = [...round].flatMap(([topic, messages]) => {
    const rest = messages.filter(({ partition }) => codes.get(`${topic} ${partition}`) !== 0);
    return rest.length > 0 ? ([[topic, rest]] as const) : [];
  });
  const refusals = left.flatMap(([topic, messages]) => messages.map(({ partition }) => refusalOf(topic, partition, codes.get(`${topic} ${partition}`))));
  return { round: new Map(left), reason: refusals[0]?.error ?? null, retriable: refusals.every(({ retriable }) => retriable) };
}

function refusalOf(topic: string, partition: number, code: number | undefined): { readonly error: Error; readonly retriable: boolean } {
  const what = `did not confirm partition ${partition} of ${topic}`;
  if (code === undefined) return { error: new Error(`${what}: it is not known`), retriable: true };
  if (code === NO_ANSWER) return { error: new Error(`${what}: the connection ended before the answer`), retriable: true };
  const cause = createErrorFromCode(code);
  return { error: new Error(what, { cause }), retriable: cause.retriable };
}
