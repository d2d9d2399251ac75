/** The options of a command as JSON Schema, for editors that check a config file while it is typed. */

import { z } from "zod";
import type { Command } from "./command.ts";
import { NOTES } from "./config-file.ts";

/** The JSON Schema of a config file for this command. */
export function jsonSchemaOf(command: Command): unknown {
  const properties: Record<string, unknown> = Object.fromEntries(
    NOTES.map((key) => [key, { type: "string" }]),
  );
  const required: string[] = [];
  for (const { schema } of Object.values(command.sections)) {
    const part = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
    Object.assign(properties, part.properties);
    required.push(...(part.required ?? []));
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `monosemantic ${command.name}`,
    description: command.summary,
    type: "object",
    properties,
    required,
    additionalProperties: false,
  };
}
