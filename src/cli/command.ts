/**
 * What a command is: a name, words that teach, option schemas, and a function. Flags, help text, config files and JSON
 * Schema are all derived from the schemas, so an option exists in one place only: beside the code it configures.
 */

import type { z } from "zod";
import type { Progress } from "./progress.ts";

/** A group of options with the title under which the help lists them. */
export interface Section<S extends z.ZodObject = z.ZodObject> {
  readonly title: string;
  readonly schema: S;
  /** Words for the default of an option that the schema leaves open, because it depends on other options. */
  readonly defaults?: (key: string) => string | undefined;
}

export type Sections = Readonly<Record<string, Section>>;

/** The checked options as a command receives them: one object per section, ready for the code that owns the schema. */
export type OptionsOf<T extends Sections> = { [K in keyof T]: z.output<T[K]["schema"]> };

export interface CommandContext {
  /** Aborted at the first Ctrl-C or TERM: save what is worth saving and throw `signal.reason`. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Every option with its resolved value, flat, as a config file would give it: this is what a run records. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What was typed, beginning with "monosemantic". */
  readonly commandLine: readonly string[];
  /** Prints a result at once, for a command that then goes on until it is stopped. */
  readonly announce: (result: CommandResult) => void;
  /** The name of the config file without folder and extension, when one was given. */
  readonly configName: string | undefined;
}

/** What a command prints on stdout: `text` for people, `json` (any JSON value) for `--json`. */
export interface CommandResult {
  readonly text: string;
  readonly json: unknown;
  /** Of the program; 0 unless given. For commands whose end a script has to tell apart. */
  readonly exitCode?: number;
}

export interface Example {
  readonly command: string;
  readonly what: string;
}

export interface Command<T extends Sections = Sections> {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Paragraphs: what it does, in which order, and what it leaves where. */
  readonly description: string;
  readonly examples: readonly Example[];
  /** The option that may be given without its flag: `monosemantic report DIR`. */
  readonly positional?: string;
  readonly sections: T;
  /** The JSON Schema of the file that it reads, where that is not one of its own options. */
  readonly fileSchema?: () => unknown;
  /** Nothing is printed in the end when it returns nothing. */
  run(options: OptionsOf<T>, context: CommandContext): Promise<CommandResult | undefined>;
}

/** Types a command by its sections and forgets them: the dispatcher holds commands of every shape. */
export function defineCommand<const T extends Sections>(command: Command<T>): Command {
  return command as unknown as Command;
}
