/**
 * The program: finds the command, reads its options, runs it, and turns whatever happens into output and an exit code.
 * Results go to stdout, everything else to stderr.
 */

import { Failure, messageOf, nearest, outOfMemory, UsageError } from "../errors.ts";
import { versions } from "../version.ts";
import type { Command, CommandResult } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { readWords, type Words } from "./flags.ts";
import { helpFor, overview } from "./help.ts";
import { endWithLauncher, Interruption, interruptionSignal } from "./interruption.ts";
import { jsonSchemaOf } from "./json-schema.ts";
import { ScreenProgress, SILENT } from "./progress.ts";
import { resolveOptions } from "./resolve.ts";

const args = process.argv.slice(2);
const screen = new ScreenProgress(process.stderr);

endWithLauncher();
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
process.on("uncaughtException", (error) => process.exit(complain(error)));

let interruption: AbortSignal | undefined;
let exitCode = 0;
try {
  await main();
} catch (error) {
  exitCode = complain(error);
}
// Worker threads of a command that failed half-way must not keep the process alive; what was printed has to be out first.
process.stdout.write("", () => process.exit(exitCode));

async function main(): Promise<void> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h") return print(overview(COMMANDS));
  if (name === "--version" || name === "-V") return print(versions.monosemantic);
  if (name === "help")
    return print(rest[0] === undefined ? overview(COMMANDS) : helpFor(commandNamed(rest[0])));
  const command = commandNamed(name);
  if (rest.includes("--help") || rest.includes("-h")) return print(helpFor(command));
  const words = readWords(command, rest);
  if (words.globals.jsonSchema)
    return print(JSON.stringify(command.fileSchema?.() ?? jsonSchemaOf(command), null, 2));
  await runCommand(command, words);
}

async function runCommand(command: Command, words: Words): Promise<void> {
  const { sections, config, file } = resolveOptions(command, words);
  const { json, quiet } = words.globals;
  interruption = interruptionSignal((line) => screen.say(line));
  const announce = (result: CommandResult) =>
    print(json ? JSON.stringify(result.json, null, 2) : result.text);
  const result = await command.run(sections as never, {
    signal: interruption,
    progress: quiet ? SILENT : screen,
    config,
    announce,
    commandLine: ["monosemantic", ...args],
    configName: file?.name,
  });
  screen.stop();
  if (result === undefined) return;
  announce(result);
  exitCode = result.exitCode ?? 0;
}

function commandNamed(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const names = COMMANDS.map((candidate) => candidate.name);
  throw new UsageError(
    name.startsWith("-")
      ? `a command comes first, found "${name}": monosemantic COMMAND [OPTIONS], with ${names.join(", ")}`
      : `unknown command "${name}"; nearest: ${nearest(name, names, 2).join(", ")}; all: monosemantic --help`,
  );
}

/** Says what went wrong and returns the exit code. */
function complain(thrown: unknown): number {
  screen.stop();
  const error = outOfMemory(thrown) ?? thrown;
  const expected = error instanceof Failure;
  const debug = args.includes("--debug");
  const sentence = expected
    ? error.message
    : `unexpected error: ${messageOf(error)}; this is a bug, please report it` +
      (debug ? "" : " with the output of the same command with --debug");
  process.stderr.write(`monosemantic: ${printable(sentence)}\n`);
  if (debug) process.stderr.write(`${error instanceof Error ? fullStack(error) : String(error)}\n`);
  // A command that was asked to stop may say in its own words how to go on.
  if (interruption?.reason instanceof Interruption) return interruption.reason.exitCode;
  return expected ? error.exitCode : 1;
}

/** One line without control characters, whatever the name or value in it holds: a terminal must not obey them. */
function printable(sentence: string): string {
  return sentence.replaceAll(
    /\p{Cc}/gu,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

function fullStack(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${fullStack(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}

function print(text: string): void {
  if (text !== "") process.stdout.write(text + "\n");
}
