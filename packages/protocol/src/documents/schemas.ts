import { z } from 'zod';

/** A JSON Schema in a document. */
export type JsonSchema = Record<string, unknown>;

/** JSON Schema (2020-12) of a zod schema, with shared parts as `$ref`s under `components/schemas`. */
export function jsonSchemaOf(
  schema: z.ZodType,
  io: 'input' | 'output',
  shared: Record<string, JsonSchema>,
): JsonSchema {
  const {
    $schema: _,
    $defs,
    ...own
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema & {
    $defs?: Record<string, JsonSchema>;
  };
  for (const [name, part] of Object.entries($defs ?? {})) shared[name] = withComponentRefs(withoutId(part));
  return withComponentRefs(withoutId(own));
}

function withoutId(schema: JsonSchema): JsonSchema {
  const { id: _, $id: __, ...rest } = schema;
  return rest;
}

function withComponentRefs(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as JsonSchema;
}
