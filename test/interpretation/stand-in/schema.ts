/** Structured output: what a server makes of a model's words when a schema binds it. */

import { z } from "zod";

type Schema = Readonly<Record<string, unknown>>;

/** The words if they follow the schema, else the JSON within them if that does, else the emptiest value that does. */
export function bound(text: string, schema: Schema | null): string {
  const follows = schema === null ? z.record(z.string(), z.unknown()) : z.fromJSONSchema(schema);
  for (const candidate of [text, ...within(text)]) {
    try {
      if (follows.safeParse(JSON.parse(candidate)).success) return candidate;
    } catch {
      // Not JSON: the next one.
    }
  }
  return JSON.stringify(schema === null ? { answer: text } : emptiest(schema));
}

/** What stands between the first brace or bracket and the last. */
function within(text: string): string[] {
  return [/\{[\s\S]*\}/, /\[[\s\S]*\]/].flatMap((pattern) => pattern.exec(text)?.[0] ?? []);
}

function emptiest(schema: Schema): unknown {
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  if ("const" in schema) return schema["const"];
  switch (schema["type"]) {
    case "object": {
      const required = (schema["required"] ?? []) as string[];
      const properties = (schema["properties"] ?? {}) as Record<string, Schema>;
      return Object.fromEntries(required.map((name) => [name, emptiest(properties[name] ?? {})]));
    }
    case "array": {
      const least = Number(schema["minItems"] ?? 0);
      return Array.from({ length: least }, () => emptiest((schema["items"] ?? {}) as Schema));
    }
    case "string":
      return "";
    case "boolean":
      return false;
    case "integer":
    case "number":
      return Number(schema["minimum"] ?? 0);
    default:
      return null;
  }
}
