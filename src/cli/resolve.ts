/**
 * The words of the command line, laid over an optional config file, become checked options. A flag always wins over the
 * file; what no schema accepts is refused in one sentence that names the flag or the key.
 */

import type { z } from "zod";
import { UsageError } from "../errors.ts";
import type { Command, Sections } from "./command.ts";
import { type ConfigFile, readConfigFile } from "./config-file.ts";
import type { Words } from "./flags.ts";
import { type Option, optionsOf } from "./options.ts";
import { parseValue } from "./values.ts";

export interface Resolved {
  /** By section, for the command. */
  readonly sections: Record<string, unknown>;
  /** Flat, for the record. */
  readonly config: Record<string, unknown>;
  readonly file: ConfigFile | undefined;
}

/** Lays the flags over the config file and checks each section against its schema. */
export function resolveOptions(command: Command, words: Words): Resolved {
  const options = optionsOf(command.sections);
  const file = words.globals.config === undefined ? undefined : readConfigFile(words.globals.config, options);
  const values: Record<string, unknown> = { ...file?.values };
  for (const [key, texts] of words.given) {
    const option = options.find((candidate) => candidate.key === key)!;
    if (new Set(texts).size > 1 && !option.kinds.list) {
      throw new UsageError(`--${option.flag} is given ${texts.length} times with different values: keep one`);
    }
    values[key] = parseValue(option, texts);
  }
  const fromFile = ({ key }: Option) => file !== undefined && !words.given.has(key);
  const naming: Naming = {
    name: (option) => (fromFile(option) ? `"${option.key}" in ${file!.path}` : `--${option.flag}`),
    found: (option, value) =>
      fromFile(option) ? JSON.stringify(value) : `"${(words.given.get(option.key) ?? []).join(",")}"`,
    required: ({ flag }) => `--${flag}`,
    before: "",
    after: `; see "monosemantic ${command.name} --help"`,
  };
  return { ...checkSections(command.sections, values, naming), file };
}

/** How a message speaks of an option, by where its value came from. */
export interface Naming {
  readonly name: (option: Option) => string;
  readonly found: (option: Option, value: unknown) => string;
  /** One that is missing. */
  readonly required: (option: Option) => string;
  /** Around sentences that speak of several options. */
  readonly before: string;
  readonly after: string;
}

/**
 * Checks values against the schemas of all sections.
 * @throws UsageError for the first thing that is wrong
 */
export function checkSections(
  sections: Sections,
  values: Readonly<Record<string, unknown>>,
  naming: Naming,
): Omit<Resolved, "file"> {
  const options = optionsOf(sections);
  const checked: Record<string, unknown> = {};
  const config: Record<string, unknown> = {};
  for (const [name, { schema }] of Object.entries(sections)) {
    const own = Object.fromEntries(Object.keys(schema.shape).map((key) => [key, values[key]]));
    const present = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
    const parsed = schema.safeParse(present);
    if (!parsed.success) throw new UsageError(sentenceFor(parsed.error, options, present, naming));
    checked[name] = parsed.data;
    Object.assign(config, parsed.data);
  }
  return { sections: checked, config };
}

/** The first thing that is wrong, said in terms of the flag, or of the key where the value came from a file. */
function sentenceFor(
  error: z.ZodError,
  options: readonly Option[],
  values: Readonly<Record<string, unknown>>,
  { name, found, required, before, after }: Naming,
): string {
  const issue = error.issues[0]!;
  const option = options.find(({ key }) => key === issue.path[0]);
  if (option === undefined) return `${before}${issue.message}${after}`;
  const value = values[option.key];
  if (value === undefined && option.required) {
    const about = option.description === "" ? "" : ` (${option.description})`;
    return `${required(option)} is required${about}${after}`;
  }
  if (value === undefined || issue.code === "custom") return `${name(option)}: ${issue.message}`;
  return `${name(option)}: found ${found(option, value)}, expected ${expectation(option, issue)}`;
}

function expectation(option: Option, issue: z.core.$ZodIssue): string {
  const { kinds } = option;
  if (issue.code === "invalid_union") {
    // The branch that took the value's type and refused its size says more than the list of all branches.
    const precise = issue.errors.flat().find(({ code }) => code === "too_small" || code === "too_big");
    if (precise !== undefined) return expectation(option, precise);
  }
  if (issue.code === "too_small" && issue.origin === "string") return "text that is not empty";
  if (issue.code === "too_small") {
    return `${issue.origin === "array" ? "a list of length" : "a number"} ${issue.inclusive ? "≥" : ">"} ${issue.minimum}`;
  }
  if (issue.code === "too_big") {
    return `${issue.origin === "array" ? "a list of length" : "a number"} ${issue.inclusive ? "≤" : "<"} ${issue.maximum}`;
  }
  if (issue.code === "invalid_type" && (issue.expected as string) === "int") return "a whole number";
  if (issue.code !== "invalid_type" && issue.code !== "invalid_value" && issue.code !== "invalid_union") {
    return issue.message;
  }
  const kindsOfValue = [
    ...(kinds.words.length > 0 ? [`one of ${kinds.words.join(", ")}`] : []),
    ...(kinds.number ? ["a number (5M, 1e-4)"] : []),
    ...(kinds.boolean ? ["true or false"] : []),
    ...(kinds.string ? ["text"] : []),
  ].join(" or ");
  return kinds.list ? `a comma-separated list, each ${kindsOfValue}` : kindsOfValue;
}
