import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import {
  fileOf,
  PROMPT_NAMES,
  type PromptName,
  Prompts,
} from "../../../src/interpretation/prompts/prompts.ts";
import { readNumbers } from "../../../src/interpretation/simulators/numbered-answer.ts";

const FOLDER = fileURLToPath(new URL("../../../src/interpretation/prompts/", import.meta.url));
const prompts = new Prompts();

const copies: string[] = [];
afterAll(() => copies.forEach((folder) => rmSync(folder, { recursive: true })));
function copyWith(name: PromptName, change: (text: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), "monosemantic-prompts-"));
  copies.push(folder);
  cpSync(FOLDER, folder, { recursive: true });
  const path = join(folder, fileOf(name));
  writeFileSync(path, change(readFileSync(path, "utf8")));
  return folder;
}

describe("files", () => {
  test("each prompt has one, and each file is a prompt", () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith(".md"));
    expect(files.sort()).toEqual(PROMPT_NAMES.map(fileOf).sort());
  });

  test.each(PROMPT_NAMES)("%s is named by the hash of its file", (name) => {
    const bytes = readFileSync(join(FOLDER, fileOf(name)));
    expect(prompts.hash(name)).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(prompts.hashes([name])).toEqual({ [fileOf(name)]: prompts.hash(name) });
  });

  test("the hash does not depend on the values, and changes with the file", () => {
    const changed = new Prompts(
      copyWith("detect", (text) => text.replace("five texts", "5 texts").concat(" ")),
    );
    expect(changed.hash("detect")).not.toBe(prompts.hash("detect"));
    expect(changed.hash("fuzz")).toBe(prompts.hash("fuzz"));
  });

  test.each([
    [
      "a placeholder that nobody fills",
      (text: string) => `${text}\n{{more}}`,
      /placeholders explanation, texts, more/,
    ],
    ["one that is gone", (text: string) => text.replace("{{texts}}", ""), /expected explanation, texts/],
    ["an unknown section", (text: string) => text.replace("## System", "## Sytem"), /section "Sytem"/],
    ["no last turn", (text: string) => text.replace("## User", "## Example: assistant"), /does not end with/],
  ])("%s is refused by name", (_, change, message) => {
    expect(() => new Prompts(copyWith("detect", change))).toThrow(message);
  });

  test("a missing file is named", () => {
    const folder = copyWith("detect", (text) => text);
    rmSync(join(folder, fileOf("repair")));
    expect(() => new Prompts(folder)).toThrow(/repair\.v1\.md cannot be read/);
  });
});

describe("values", () => {
  test("stand where the placeholders were, and are not looked at again", () => {
    const values = { explanation: '"{{texts}} $& $1"', texts: '1\t"{{explanation}}"' };
    const messages = prompts.messages("detect", values);
    expect(messages.at(-1)).toEqual({
      role: "user",
      content: 'Explanation: "{{texts}} $& $1"\n\n1\t"{{explanation}}"',
    });
    expect(messages.map(({ role }) => role)).toEqual([
      "system",
      "user",
      "assistant",
      "user",
      "assistant",
      "user",
    ]);
  });

  test("as one text the sections follow each other", () => {
    const text = prompts.text("simulate-all-at-once", { explanation: '"x"', excerpts: '"a"\tunknown' });
    expect(text).toMatch(/^Units of a language model/);
    expect(text.endsWith('Unit 4\nExplanation: "x"\n"a"\tunknown')).toBe(true);
    expect(text).not.toContain("## ");
  });
});

describe("worked examples keep to the rules that they show", () => {
  const NONE: Record<string, string> = new Proxy({}, { get: () => "" });
  const turns = (name: PromptName) => {
    const messages = prompts.messages(name, NONE as never).filter(({ role }) => role !== "system");
    return Array.from({ length: (messages.length - 1) / 2 }, (_, i) => ({
      asked: messages[2 * i]!.content,
      answer: messages[2 * i + 1]!.content,
    }));
  };

  test.each(["simulate-numbered", "bricken-predict"] as const)(
    "%s: every token has an integer to 9",
    (name) => {
      expect(turns(name)).toHaveLength(2);
      for (const { asked, answer } of turns(name)) {
        const slots = [...asked.matchAll(/^(?:row )?(\d+)(?:, |\t)(\d+) tokens/gm)].map((match) => ({
          key: match[1]!,
          count: Number(match[2]),
        }));
        const strings = asked.slice(asked.indexOf("\n")).match(/"(?:[^"\\]|\\.)*"/g)!;
        expect(strings).toHaveLength(slots.reduce((sum, { count }) => sum + count, 0));
        expect(slots.length).toBeGreaterThan(1);
        const values = readNumbers({ text: answer, tokens: null }, slots, { lowest: 0, highest: 9 }, false);
        expect(values).not.toContain(null);
        expect(Math.max(...values.flatMap((one) => one!.map(({ integer }) => integer)))).toBe(9);
      }
    },
  );

  test.each(["detect", "fuzz", "logits"] as const)("%s: every item has a verdict, and both occur", (name) => {
    for (const { asked, answer } of turns(name)) {
      const items = [...asked.matchAll(/^(\d+)\t/gm)].map((match) => ({ key: match[1]!, count: null }));
      expect(Object.keys(JSON.parse(answer) as object)).toEqual(items.map(({ key }) => key));
      const values = readNumbers({ text: answer, tokens: null }, items, { lowest: 0, highest: 1 }, false);
      expect(new Set(values.map((one) => one![0]!.integer))).toEqual(new Set([0, 1]));
    }
  });

  test.each([
    ["explain-bills", 10],
    ["explain-bricken", 9],
    ["explain-delphi", 10],
  ] as const)("%s: integers to %i, one sentence back", (name, scale) => {
    const all = turns(name);
    expect(all).toHaveLength(2);
    for (const { asked, answer } of all) {
      const integers = [...asked.matchAll(/"(?:\t|=)(\d+)/g)].map((match) => Number(match[1]));
      expect(Math.max(...integers)).toBe(scale);
      expect(answer).toMatch(/^[^\n.]+$/);
    }
  });

  test.each([
    ["simulate-all-at-once", 10],
    ["simulate-all-at-once-9", 9],
  ] as const)("%s: integers to %i, and what is hidden comes first", (name, scale) => {
    const text = prompts.text(name, NONE as never);
    const lines = [...text.matchAll(/^"(?:[^"\\]|\\.)*"\t(.*)$/gm)].map((match) => match[1]!);
    const integers = lines.filter((value) => value !== "unknown").map(Number);
    expect(integers.every((value) => Number.isInteger(value) && value >= 0)).toBe(true);
    expect(Math.max(...integers)).toBe(scale);
    expect(lines).toContain("unknown");
    expect(text).not.toMatch(/\d\n"[^\n]*\tunknown/);
    // A raw tab stands only before values.
    expect(text.split("\t")).toHaveLength(lines.length + 1);
  });
});
