/** What holds for every command, whatever its options. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { readWords } from "../../src/cli/flags.ts";
import { jsonSchemaOf } from "../../src/cli/json-schema.ts";
import { optionsOf } from "../../src/cli/options.ts";
import { resolveOptions } from "../../src/cli/resolve.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-commands-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Where one of several options has to be given. */
const ONE_OF: Readonly<Record<string, readonly string[]>> = { export: ["--html", "x"] };

describe.each(COMMANDS.map((command) => [command.name, command] as const))("%s", (name, command) => {
  const options = optionsOf(command.sections);
  const resolve = (...args: string[]) => resolveOptions(command, readWords(command, args)).config;
  const required = options.filter((option) => option.required).flatMap(({ flag }) => [`--${flag}`, "x"]);

  test("what it resolves to is a config file that resolves to the same", () => {
    const config = resolve(...required, ...(ONE_OF[name] ?? []));
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(config));
    expect(resolve("--config", file)).toEqual(config);
  });

  test("each required option is asked for by name", () => {
    for (const option of options.filter((candidate) => candidate.required)) {
      const others = options.filter((other) => other.required && other !== option);
      const args = others.flatMap(({ flag }) => [`--${flag}`, "x"]);
      expect(() => resolve(...args)).toThrow(new RegExp(`^--${option.flag} is required`));
    }
  });

  test("a typo in any flag finds that flag", () => {
    for (const { flag } of options.filter((option) => option.flag.length > 4)) {
      const typo = flag.slice(0, -2) + flag.at(-1)! + flag.at(-2)!;
      if (typo === flag || options.some((option) => option.flag === typo)) continue;
      expect(() => resolve(`--${typo}`, "x")).toThrow(new RegExp(`unknown option --${typo} .*--${flag}\\b`));
    }
  });

  test("a switch takes no value, everything else needs one", () => {
    for (const { flag, kinds } of options) {
      const isSwitch = kinds.boolean && !kinds.number && !kinds.string;
      if (isSwitch) expect(() => resolve(`--${flag}=x`)).toThrow(/is a switch/);
      else expect(() => resolve(`--${flag}`)).toThrow(/needs a value/);
    }
  });

  test("its JSON Schema has every option", () => {
    const { properties } = jsonSchemaOf(command) as { properties: Record<string, { description?: string }> };
    for (const { key, description } of options) expect(properties[key]?.description).toBe(description);
  });
});
