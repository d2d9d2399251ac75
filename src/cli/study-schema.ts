/** The JSON Schema of a study file, for editors that check it while it is typed. */

import { z } from "zod";
import { NOTES } from "./config-file.ts";
import { MEASURES, STUDY, TRIAL } from "./study-file-sections.ts";
import type { Section } from "./command.ts";

type Properties = Record<string, unknown>;

export function studyJsonSchema(): unknown {
  const notes = Object.fromEntries(NOTES.map((key) => [key, { type: "string" }]));
  const options = Object.assign({}, ...Object.values(TRIAL).map(propertiesOf)) as Properties;
  const each = (change: (option: unknown) => unknown) =>
    Object.fromEntries(Object.entries(options).map(([key, option]) => [key, change(option)]));
  const settings = object({ ...notes, ...each(orNull) });
  const grid = object(each((option) => ({ type: "array", minItems: 1, items: orNull(option) })));
  const range = object(
    {
      from: NUMBER,
      to: NUMBER,
      scale: { enum: ["linear", "log"], default: "linear" },
      integer: { type: "boolean", default: false },
    },
    ["from", "to"],
  );
  const space = object(
    each((option) => ({ anyOf: [{ type: "array", minItems: 1, items: orNull(option) }, range] })),
  );
  const measure = object(
    Object.fromEntries(
      Object.entries(MEASURES).map(([name, section]) => [
        name,
        { anyOf: [{ type: "boolean" }, object(propertiesOf(section))], description: section.title },
      ]),
    ),
  );
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "a study of monosemantic",
    ...object({
      ...notes,
      ...propertiesOf(STUDY.study),
      base: { ...settings, description: "options of run that all trials share" },
      grid: {
        anyOf: [grid, { type: "array", items: grid }],
        description: "every combination of these values; several grids are put together",
      },
      random: {
        ...object(
          {
            trials: { type: "integer", minimum: 1 },
            seed: { type: "integer", minimum: 0, default: 0 },
            space,
          },
          ["trials", "space"],
        ),
        description: "trials drawn from lists and ranges",
      },
      trials: { type: "array", minItems: 1, items: settings, description: "trials one by one" },
      measure: { ...measure, description: "what is done with trained dictionaries" },
    }),
  };
}

const NUMBER = { type: ["number", "string"] };

function propertiesOf({ schema }: Section): Properties {
  return Object.fromEntries(
    Object.entries(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }).properties ?? {}).map(
      ([key, option]) => [key, withText(option as Properties)],
    ),
  );
}

/** A number may be written as "5M", a list of one without brackets. */
function withText(option: Properties): Properties {
  const { description, default: otherwise, ...type } = option;
  if (!["number", "integer", "array"].includes(String(type["type"]))) return option;
  return {
    anyOf: [type, { type: "string" }],
    ...(description !== undefined && { description }),
    ...(otherwise !== undefined && { default: otherwise }),
  };
}

function orNull(option: unknown): unknown {
  return { anyOf: [option, { type: "null" }] };
}

function object(properties: Properties, required: readonly string[] = []): Properties {
  return { type: "object", properties, required, additionalProperties: false };
}
