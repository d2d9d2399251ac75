import { describe, expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { GLOBAL_FLAGS } from "../../src/cli/flags.ts";
import { helpFor, overview } from "../../src/cli/help.ts";
import { optionsOf } from "../../src/cli/options.ts";
import { toy } from "./toy-command.ts";

describe.each([...COMMANDS, toy].map((command) => [command.name, command] as const))(
  "%s --help",
  (_, command) => {
    const help = helpFor(command);

    test("has every option, described", () => {
      for (const option of optionsOf(command.sections)) {
        expect(help).toMatch(new RegExp(`--(\\[no-\\])?${option.flag}\\b`));
        expect(option.description, `--${option.flag} has no description`).not.toBe("");
      }
      for (const flag of Object.keys(GLOBAL_FLAGS)) expect(help).toContain(`--${flag}`);
    });

    test("no flag is in the way of a general one", () => {
      const general = Object.keys(GLOBAL_FLAGS);
      expect(optionsOf(command.sections).filter(({ flag }) => general.includes(flag))).toEqual([]);
    });

    test("has an example, and fits a terminal of 100 columns", () => {
      expect(command.examples.length).toBeGreaterThan(0);
      const wide = help.split("\n").filter((line) => line.length > 100 && !line.includes("monosemantic "));
      expect(wide).toEqual([]);
    });
  },
);

test("the toy's help, in full where it matters", () => {
  const help = helpFor(toy);
  expect(help).toMatch(/--tokens N +how many tokens \(default 5M\)/);
  expect(help).toMatch(/--name TEXT +a word \(required\)/);
  expect(help).toMatch(/--\[no-\]normalise +scale the activation \(default on\)/);
  expect(help).toMatch(/--preset WORD +recipe: bricken-2023 \| neel-2023 \(default bricken-2023\)/);
  expect(help).toMatch(/--expansion N,… +widths \(several by comma, default 8\)/);
});

test("the overview lists every command", () => {
  for (const { name, summary } of COMMANDS)
    expect(overview(COMMANDS)).toMatch(new RegExp(`${name} +${summary.slice(0, 20)}`));
});
