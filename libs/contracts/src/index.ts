export * from './topics.ts';
export * from './messages.ts';
export type { Codec, Decoded } from './codec.ts';
export { graph as graphCodec, statusRecorded as statusRecordedCodec, statusSubmitted as statusSubmittedCodec } from './schemas.ts';
