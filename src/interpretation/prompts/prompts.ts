/**
 * What language models are asked, in files beside this one: `NAME.v1.md`, with a section for the instructions, worked examples as turns
 * of a conversation, and a last turn with {{placeholders}}. A result names its prompts by the SHA-256 of their files, so wording that
 * changed makes another result; a change of meaning is a new version.
 *
 *     # Title, and what stands above the first section: for readers, not sent
 *     ## System
 *     ## Example: user
 *     ## Example: assistant
 *     ## User
 *
 * Values are put in once, from left to right: a placeholder within a value stays as it is. Values bring their own quotation
 * (quoted.ts).
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure, messageOf } from "../../errors.ts";
import type { ChatMessage } from "../endpoint/endpoint.ts";

/** Each prompt and its placeholders. */
const PLACEHOLDERS = {
  "explain-bills": ["scale", "excerpts"],
  "explain-bricken": ["scale", "examples", "promoted", "suppressed"],
  "explain-delphi": ["scale", "examples"],
  "explain-again": [],
  "simulate-all-at-once": ["explanation", "excerpts"],
  "simulate-all-at-once-9": ["explanation", "excerpts"],
  "simulate-numbered": ["explanation", "rows"],
  "bricken-predict": ["explanation", "excerpts"],
  detect: ["explanation", "texts"],
  fuzz: ["explanation", "texts"],
  intruder: ["texts"],
  logits: ["explanation", "tokens"],
  repair: ["missing", "lowest", "highest"],
} as const;

export type PromptName = keyof typeof PLACEHOLDERS;
export const PROMPT_NAMES = Object.keys(PLACEHOLDERS) as PromptName[];

const VERSION = 1;

/** A value for each placeholder. */
export type PromptValues<Name extends PromptName> = Readonly<
  Record<(typeof PLACEHOLDERS)[Name][number], string>
>;

interface Prompt {
  readonly sections: readonly ChatMessage[];
  readonly hash: string;
}

const ROLES: Readonly<Record<string, ChatMessage["role"]>> = {
  System: "system",
  "Example: user": "user",
  "Example: assistant": "assistant",
  User: "user",
};

export class Prompts {
  readonly #prompts: ReadonlyMap<PromptName, Prompt>;

  /** @throws Failure for a file that is missing, has unknown sections, or other placeholders than its task has */
  constructor(folder: string = fileURLToPath(new URL("./", import.meta.url))) {
    this.#prompts = new Map(PROMPT_NAMES.map((name) => [name, read(folder, name)]));
  }

  /** The conversation, ending with a user's turn. */
  messages<Name extends PromptName>(name: Name, values: PromptValues<Name>): ChatMessage[] {
    return this.#of(name).sections.map(({ role, content }) => ({ role, content: filled(content, values) }));
  }

  /** The same as one text, an empty line between sections. */
  text<Name extends PromptName>(name: Name, values: PromptValues<Name>): string {
    return this.messages(name, values)
      .map(({ content }) => content)
      .join("\n\n");
  }

  /** SHA-256 of the prompt's file, in hexadecimal. */
  hash(name: PromptName): string {
    return this.#of(name).hash;
  }

  /** Hashes by name of file, as they are kept with a result. */
  hashes(names: readonly PromptName[] = PROMPT_NAMES): Record<string, string> {
    return Object.fromEntries(names.map((name) => [fileOf(name), this.hash(name)]));
  }

  #of(name: PromptName): Prompt {
    return this.#prompts.get(name)!;
  }
}

export function fileOf(name: PromptName): string {
  return `${name}.v${VERSION}.md`;
}

/** Every {{name}} by its value; what a value contains is not looked at again. */
function filled(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name]!);
}

function read(folder: string, name: PromptName): Prompt {
  const path = join(folder, fileOf(name));
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new Failure(
      `${path} cannot be read (${messageOf(cause)}): it is one of the prompts that belong to the program; install it again`,
      { cause },
    );
  }
  const sections = sectionsOf(path, bytes.toString("utf8").replaceAll("\r\n", "\n"));
  const found = new Set(
    sections.flatMap(({ content }) => [...content.matchAll(/\{\{(.*?)\}\}/g)].map((match) => match[1]!)),
  );
  const expected: readonly string[] = PLACEHOLDERS[name];
  if (found.size !== expected.length || !expected.every((one) => found.has(one)))
    throw new Failure(
      `${path} has the placeholders ${[...found].join(", ") || "(none)"}, expected ${expected.join(", ") || "none"}: put each in double braces`,
    );
  return { sections, hash: createHash("sha256").update(bytes).digest("hex") };
}

function sectionsOf(path: string, text: string): ChatMessage[] {
  const [, ...parts] = text.split(/^## /m);
  const sections = parts.map((part) => {
    const end = part.indexOf("\n");
    const heading = part.slice(0, end < 0 ? undefined : end).trim();
    const role = ROLES[heading];
    if (role === undefined)
      throw new Failure(
        `${path} has a section "${heading}", expected one of ${Object.keys(ROLES).join(", ")}: rename it`,
      );
    return { role, content: end < 0 ? "" : part.slice(end).trim() };
  });
  if (sections.at(-1)?.role !== "user")
    throw new Failure(`${path} does not end with a section "User": add one with what is asked`);
  return sections;
}
