/**
 * Splits a command line into flags and the words given for them, by the options that the command's schemas declare.
 * Every mistake is one sentence that names the flag and what would be right.
 */

import { parseArgs } from "node:util";
import { nearest, UsageError } from "../errors.ts";
import type { Command } from "./command.ts";
import { kebab, type Option, optionsOf } from "./options.ts";

/** Flags that every command has; they steer the program, not the work. */
export const GLOBAL_FLAGS = {
  config: {
    value: "FILE",
    description: "read options from a JSON file or a recipe by name; flags win over it",
  },
  json: { description: "print the result as JSON on stdout, and nothing else there" },
  quiet: { short: "q", description: "show no progress" },
  debug: { description: "show the stack trace of an error" },
  "json-schema": { description: "print the JSON Schema of this command's options and stop" },
  help: { short: "h", description: "show this text and stop" },
} as const satisfies Record<string, { value?: string; short?: string; description: string }>;

export interface Globals {
  readonly config: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
  readonly jsonSchema: boolean;
  readonly help: boolean;
}

export interface Words {
  readonly globals: Globals;
  /** By option key: the words given for it, in order. */
  readonly given: ReadonlyMap<string, readonly string[]>;
}

/** Splits a command's arguments into flags and their words; nothing is checked against a schema yet. */
export function readWords(command: Command, args: readonly string[]): Words {
  const options = optionsOf(command.sections);
  const byFlag = new Map(options.map((option) => [option.flag, option]));
  const known: Record<string, { type: "string" | "boolean"; short?: string; multiple?: boolean }> = {};
  for (const { flag, kinds } of options)
    known[flag] = { type: isSwitch(kinds) ? "boolean" : "string", multiple: true };
  for (const [flag, about] of Object.entries(GLOBAL_FLAGS)) {
    known[flag] = {
      type: "value" in about ? "string" : "boolean",
      ...("short" in about && { short: about.short }),
    };
  }
  const { tokens } = parseArgs({
    args: [...args],
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });

  const given = new Map<string, string[]>();
  const add = (key: string, word: string) => given.set(key, [...(given.get(key) ?? []), word]);
  const globals = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      if (command.positional === undefined) throw new UsageError(strayWord(command, token.value, byFlag));
      add(command.positional, token.value);
      continue;
    }
    const { name, rawName, value, inlineValue } = token;
    const option = byFlag.get(name);
    if (option !== undefined && isSwitch(option.kinds)) add(option.key, switchWord(rawName, value));
    else if (option !== undefined) add(option.key, valueWord(rawName, value, inlineValue, known));
    else if (Object.hasOwn(GLOBAL_FLAGS, name)) {
      const takesValue = known[name]!.type === "string";
      globals.set(
        name,
        takesValue ? valueWord(rawName, value, inlineValue, known) : switchWord(rawName, value),
      );
    } else {
      const positive = name.startsWith("no-") ? byFlag.get(name.slice(3)) : undefined;
      if (positive === undefined || !positive.kinds.boolean)
        throw new UsageError(unknownFlag(command, rawName, known));
      if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
      add(positive.key, "false");
    }
  }
  const on = (name: keyof typeof GLOBAL_FLAGS) => globals.get(name) === "true";
  return {
    given,
    globals: {
      config: globals.get("config"),
      json: on("json"),
      quiet: on("quiet"),
      debug: on("debug"),
      jsonSchema: on("json-schema"),
      help: on("help"),
    },
  };
}

function isSwitch(kinds: Option["kinds"]): boolean {
  return kinds.boolean && !kinds.number && !kinds.string && !kinds.list && kinds.words.length === 0;
}

function switchWord(rawName: string, value: string | undefined): string {
  if (value === undefined || value === "true") return "true";
  if (value === "false") return "false";
  throw new UsageError(`${rawName} is a switch: give it alone, or as ${rawName}=false, not with "${value}"`);
}

function valueWord(
  rawName: string,
  value: string | undefined,
  inline: boolean | undefined,
  known: Readonly<Record<string, unknown>>,
): string {
  const swallowedFlag = value !== undefined && !inline && /^--?[a-z]/i.test(value);
  if (value === undefined || (swallowedFlag && isFlag(value, known))) {
    throw new UsageError(`${rawName} needs a value after it`);
  }
  return value;
}

function isFlag(word: string, known: Readonly<Record<string, unknown>>): boolean {
  const name = word.replace(/^--?/, "").replace(/=.*$/s, "");
  return (
    Object.hasOwn(known, name) ||
    Object.hasOwn(known, name.replace(/^no-/, "")) ||
    name === "h" ||
    name === "q"
  );
}

function unknownFlag(command: Command, rawName: string, known: Readonly<Record<string, unknown>>): string {
  const name = kebab(rawName.replace(/^-+/, ""));
  const names = nearest(name, Object.keys(known)).map((flag) => `--${flag}`);
  return `unknown option ${rawName} for "monosemantic ${command.name}"; nearest: ${names.join(", ")}`;
}

function strayWord(command: Command, word: string, byFlag: ReadonlyMap<string, Option>): string {
  const hint = byFlag.has(word) ? `did you mean --${word}?` : `see "monosemantic ${command.name} --help"`;
  return `"monosemantic ${command.name}" takes options only, found "${word}": ${hint}`;
}
