/** Help that teaches: what a command does, how it is called, and every option with its unit, choices and default. */

import type { Command } from "./command.ts";
import { GLOBAL_FLAGS } from "./flags.ts";
import { type Option, optionsOf } from "./options.ts";
import { formatValue } from "./values.ts";

const WIDTH = 100;
const INDENT = 30;

/** What `monosemantic --help` prints. */
export function overview(commands: readonly Command[]): string {
  const widest = Math.max(...commands.map(({ name }) => name.length));
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(widest)}  ${summary}`);
  return [
    "monosemantic: dictionary learning on language models, from text to trained, measured sparse autoencoders",
    "",
    "Usage: monosemantic COMMAND [OPTIONS]",
    "",
    "Commands:",
    ...rows,
    "",
    "Begin with:",
    "  monosemantic run --config one-layer-8x    the model that comes with the package, about five minutes",
    "  monosemantic run --help                   the same with your model, your text, your settings",
    "",
    "monosemantic COMMAND --help explains a command; monosemantic --version prints the version.",
    "Exit code: 0 done, 1 it failed, 2 the request makes no sense, 130 stopped by Ctrl-C.",
  ].join("\n");
}

/** What `monosemantic COMMAND --help` prints. */
export function helpFor(command: Command): string {
  const lines = [
    `monosemantic ${command.name}: ${command.summary}`,
    "",
    `Usage: monosemantic ${command.name}${command.positional ? ` [${command.positional.toUpperCase()}]` : ""} [OPTIONS]`,
    "",
    ...command.description.split("\n").flatMap((paragraph) => wrap(paragraph.trim(), WIDTH)),
  ];
  for (const section of Object.values(command.sections)) {
    lines.push("", `${section.title}:`);
    for (const option of optionsOf({ section })) lines.push(...optionLines(option));
  }
  lines.push("", "General:");
  for (const [flag, about] of Object.entries(GLOBAL_FLAGS)) {
    const short = "short" in about ? `, -${about.short}` : "";
    lines.push(
      ...columns(`--${flag}${short}${"value" in about ? ` ${about.value}` : ""}`, about.description),
    );
  }
  lines.push("", "Examples:");
  for (const { command: words, what } of command.examples) lines.push(`  # ${what}`, `  ${words}`);
  return lines.join("\n");
}

function optionLines(option: Option): string[] {
  const { flag, kinds, required, fallback } = option;
  const isSwitch = kinds.boolean && !kinds.number && !kinds.string && kinds.words.length === 0;
  const value = isSwitch ? "" : ` ${option.placeholder ?? placeholderFor(option)}`;
  const name = isSwitch && fallback !== false ? `--[no-]${flag}` : `--${flag}${value}`;
  const choices = !isSwitch && kinds.words.length > 0 ? `: ${kinds.words.join(" | ")}` : "";
  const standard = isSwitch && fallback === true ? "on" : (option.fallbackWords ?? shown(fallback));
  const notes = [
    ...(required ? ["required"] : []),
    ...(kinds.list ? ["several by comma"] : []),
    ...(standard === "" ? [] : [`default ${standard}`]),
  ];
  return columns(name, `${option.description}${choices}${notes.length > 0 ? ` (${notes.join(", ")})` : ""}`);
}

function placeholderFor({ kinds }: Option): string {
  const one = kinds.number ? "N" : kinds.words.length > 0 && !kinds.string ? "WORD" : "TEXT";
  return kinds.list ? `${one},…` : one;
}

function shown(value: unknown): string {
  return value === undefined || value === null || value === false ? "" : formatValue(value);
}

function columns(name: string, text: string): string[] {
  const body = wrap(text, WIDTH - INDENT);
  const head = `  ${name}`;
  const [first = "", ...rest] = body;
  const continued = rest.map((line) => " ".repeat(INDENT) + line);
  if (head.length > INDENT - 2) return [head, ...body.map((line) => " ".repeat(INDENT) + line)];
  return [head.padEnd(INDENT) + first, ...continued];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
