import type { ApiResponseOptions } from '@nestjs/swagger';

type Schema = Extract<ApiResponseOptions, { schema: unknown }>['schema'];

const string = { type: 'string' } as const;
const nullable = { type: 'string', nullable: true } as const;
const object = (properties: Record<string, Schema>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});
const page = (item: Schema): Schema =>
  object({ items: { type: 'array', items: item }, next: { ...nullable, format: 'uri', description: 'URL of the next page; null at the end' } });

export const actorSchema = object({
  id: { ...string, format: 'uri' },
  handle: { ...string, example: 'alice@status.example' },
  name: string,
  url: { ...string, format: 'uri' },
  icon: { ...nullable, format: 'uri' },
  local: { type: 'boolean' },
  hasHistory: { type: 'boolean' },
  movedTo: { ...nullable, format: 'uri', description: 'who this actor says to be now' },
});

export const statusSchema = object({
  id: { ...string, format: 'uri' },
  url: { ...string, format: 'uri' },
  content: { ...string, description: 'plain text' },
  published: { ...string, format: 'date-time' },
  endTime: { ...nullable, format: 'date-time' },
  attachment: { ...object({ href: { ...string, format: 'uri' }, name: nullable }), nullable: true } as Schema,
  state: { ...string, enum: ['current', 'past', 'removed', 'expired'] },
});

export const actorStatusSchema = object({ actor: actorSchema, status: { ...statusSchema, nullable: true } as Schema });
export const historySchema = page(statusSchema);
export const homeSchema = page(actorStatusSchema);
export const actorsSchema = page(actorSchema);
export const followingSchema = page(object({ actor: actorSchema, state: { ...string, enum: ['requested', 'accepted', 'rejected'] } }));

export const newStatusSchema: Schema = object(
  {
    content: { ...string, description: '1–100 characters (grapheme clusters) of plain text' },
    endTime: { ...nullable, format: 'date-time', description: 'in the future; instead of `expiresIn`' },
    expiresIn: { type: 'integer', minimum: 1, nullable: true, description: 'seconds from now; instead of `endTime`' },
    attachment: { ...object({ href: { ...string, format: 'uri', description: 'http or https' }, name: nullable }, ['name']), nullable: true } as Schema,
  },
  ['endTime', 'expiresIn', 'attachment'],
);
export const followSchema = object({ actor: { ...string, description: '`name@host`, or the actor’s IRI', example: 'bob@other.example' } });

export const blockSchema = object({ actor: { ...string, description: '`name@host`, or the actor’s IRI', example: 'eve@other.example' } });
export const accountSchema = object({ actor: actorSchema, locked: { type: 'boolean', description: 'whether you approve followers in person' } });
export const accountChangeSchema = object({ locked: { type: 'boolean' } });

/** The RFC 9457 answer of that status. */
export const problem = (status: number, when: string): ApiResponseOptions => ({
  status,
  description: when,
  content: {
    'application/problem+json': {
      schema: object({ type: string, title: string, status: { type: 'integer' }, detail: string, field: string }, ['field']) as never,
    },
  },
});
