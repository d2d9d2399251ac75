/**
 * Reads a zod object schema as a list of options: the flag's name, which kinds of value it takes, its default and its
 * words. Only what a flag can express is understood; a schema that needs more is refused when the program starts.
 */

import { z } from "zod";
import type { Sections } from "./command.ts";

export interface Option {
  /** As in the schema and in a config file: `lambdaWarmup`. */
  readonly key: string;
  /** As on the command line, without dashes: `lambda-warmup`. */
  readonly flag: string;
  readonly kinds: Kinds;
  readonly required: boolean;
  /** The value used when none is given; undefined when there is none. */
  readonly fallback: unknown;
  /** Words for a default that depends on other options. */
  readonly fallbackWords: string | undefined;
  readonly description: string;
  /** From the schema's `.meta({ placeholder: "TOKENS" })`: what the help shows for the value. */
  readonly placeholder: string | undefined;
  /** From `.meta({ verbatim: true })`: the value is text, never a path, even where it begins with `./`. */
  readonly verbatim: boolean;
}

/** Which values an option takes. Several may hold at once: `z.union([z.number(), z.literal("auto")])`. */
export interface Kinds {
  number: boolean;
  boolean: boolean;
  string: boolean;
  null: boolean;
  /** Fixed words, or fixed numbers. */
  words: (string | number)[];
  /** Several values, separated by commas. */
  list: boolean;
  /** A single value is valid too: it is not wrapped in a list. */
  single: boolean;
}

/** The options of every section, in order. */
export function optionsOf(sections: Sections): Option[] {
  const options = Object.values(sections).flatMap(({ schema, defaults }) => {
    return readSchema(schema).map((option) => ({ ...option, fallbackWords: defaults?.(option.key) }));
  });
  const seen = new Set<string>();
  for (const { key, flag } of options) {
    if (seen.has(flag)) throw new Error(`two options are called --${flag}, one of them ${key}`);
    seen.add(flag);
  }
  return options;
}

/** learningRate and lr_warmup → learning-rate and lr-warmup. A leading capital stays: Λ and λ are two options. */
export function kebab(key: string): string {
  const words = key.replaceAll("_", "-").replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2");
  return words.slice(0, 1) + words.slice(1).toLowerCase();
}

function readSchema(schema: z.ZodObject): Omit<Option, "fallbackWords">[] {
  return Object.entries(schema.shape).map(([key, field]) => {
    const type = field as z.ZodType;
    const kinds: Kinds = {
      number: false,
      boolean: false,
      string: false,
      null: false,
      words: [],
      list: false,
      single: false,
    };
    collectKinds(key, type, kinds, false);
    const absent = type.safeParse(undefined);
    const meta = metaOf(type);
    return {
      key,
      flag: kebab(key),
      kinds,
      required: !absent.success,
      fallback: absent.success ? absent.data : undefined,
      description: typeof meta.description === "string" ? meta.description : "",
      placeholder: typeof meta.placeholder === "string" ? meta.placeholder : undefined,
      verbatim: meta.verbatim === true,
    };
  });
}

/** Words and marks may sit on the outer type or, before `.default(…)` was added, on an inner one. */
function metaOf(type: z.ZodType): Record<string, unknown> {
  const inner = innerOf(type);
  return { ...(inner === undefined ? {} : metaOf(inner)), ...type.meta() };
}

function innerOf(type: z.ZodType): z.ZodType | undefined {
  if (
    type instanceof z.ZodOptional ||
    type instanceof z.ZodDefault ||
    type instanceof z.ZodPrefault ||
    type instanceof z.ZodNullable ||
    type instanceof z.ZodReadonly
  ) {
    return type.unwrap() as z.ZodType;
  }
  if (type instanceof z.ZodPipe) {
    return (type.in instanceof z.ZodTransform ? type.out : type.in) as z.ZodType;
  }
  return undefined;
}

function collectKinds(key: string, type: z.ZodType, kinds: Kinds, inList: boolean): void {
  if (type instanceof z.ZodNullable) kinds.null = true;
  const inner = innerOf(type);
  if (inner !== undefined) return collectKinds(key, inner, kinds, inList);
  if (type instanceof z.ZodArray) {
    kinds.list = true;
    return collectKinds(key, type.element as z.ZodType, kinds, true);
  }
  if (type instanceof z.ZodUnion) {
    for (const option of type.options) collectKinds(key, option as z.ZodType, kinds, inList);
    return;
  }
  if (!inList) kinds.single = true;
  if (type instanceof z.ZodNumber) kinds.number = true;
  else if (type instanceof z.ZodBoolean) kinds.boolean = true;
  else if (type instanceof z.ZodString) kinds.string = true;
  else if (type instanceof z.ZodEnum) kinds.words.push(...type.options);
  else if (type instanceof z.ZodLiteral) collectLiterals(type, kinds);
  else throw new Error(`option ${key}: no flag can express a ${type.def.type}`);
}

function collectLiterals(type: z.ZodLiteral, kinds: Kinds): void {
  for (const value of type.values) {
    if (typeof value === "boolean") kinds.boolean = true;
    else if (value === null) kinds.null = true;
    else if (typeof value === "string" || typeof value === "number") kinds.words.push(value);
  }
}
