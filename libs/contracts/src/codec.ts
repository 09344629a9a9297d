import { Ajv, type ValidateFunction } from 'ajv';

/** What came out of a message value. */
export type Decoded<Message> =
  | { readonly kind: 'message'; readonly message: Message }
  /** A newer release wrote it: wait for the deploy, never skip. */
  | { readonly kind: 'unknown'; readonly type: string; readonly version: unknown }
  /** Broken in itself: a dead letter. */
  | { readonly kind: 'invalid'; readonly detail: string };

export interface Codec<Message extends { readonly type: string }> {
  /** JSON for the bus. @throws Error when the message does not fit its schema: a bug of the sender, found before it spreads. */
  encode(message: Message): string;
  decode(value: string): Decoded<Message>;
}

export type Schema = Readonly<Record<string, unknown>>;

/** An object that has exactly these properties. */
export const exactly = (properties: Record<string, Schema>): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
export const text: Schema = { type: 'string' };
export const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });

const ajv = new Ajv({ allErrors: false, strict: true, allowUnionTypes: true });

/**
 * A codec for messages of several types and one version. A change of shape is a new version with an upcaster from the old one; while
 * there is only version 1 there is nothing to upcast.
 */
export function codec<Message extends { readonly type: string }>(version: number, schemas: Record<Message['type'], Schema>): Codec<Message> {
  const validators = new Map<string, ValidateFunction>(
    Object.entries<Schema>(schemas).map(([type, schema]) => [type, ajv.compile(schema)]),
  );
  const problemOf = (validate: ValidateFunction, message: unknown): string | null =>
    validate(message) ? null : ajv.errorsText(validate.errors, { dataVar: 'message' });
  return {
    encode(message) {
      const validate = validators.get(message.type);
      const problem = validate ? problemOf(validate, message) : `no schema for ${message.type}`;
      if (problem) throw new Error(`${message.type}: ${problem}`);
      return JSON.stringify({ v: version, ...message });
    },
    decode(value) {
      let parsed: unknown;
      try {
        parsed = JSON.parse(value);
      } catch {
        return { kind: 'invalid', detail: 'not JSON' };
      }
      if (typeof parsed !== 'object' || parsed === null) return { kind: 'invalid', detail: 'not an object' };
      const { v, ...message } = parsed as { v?: unknown; type?: unknown };
      if (typeof message.type !== 'string') return { kind: 'invalid', detail: 'no type' };
      const validate = validators.get(message.type);
      if (v !== version || !validate) return { kind: 'unknown', type: message.type, version: v };
      const detail = problemOf(validate, message);
      return detail ? { kind: 'invalid', detail } : { kind: 'message', message: message as unknown as Message };
    },
  };
}
