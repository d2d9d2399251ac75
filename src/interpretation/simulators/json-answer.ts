/**
 * JSON in an answer, with the place of every number. A model may say something before or after it, may put it in a fence, and may be cut
 * short: what is complete counts, and what is not complete is left out. Places are needed because the probabilities of a value are
 * those of the token that it was written with.
 */

export type JsonNode =
  | { readonly kind: "number"; readonly source: string; readonly start: number }
  | { readonly kind: "boolean"; readonly source: string; readonly start: number }
  | { readonly kind: "other" }
  /** `complete`: its closing bracket is there. Children are always complete. */
  | { readonly kind: "array"; readonly items: readonly JsonNode[]; readonly complete: boolean }
  | {
      readonly kind: "object";
      readonly members: readonly { readonly key: string; readonly value: JsonNode }[];
      readonly complete: boolean;
    };

/** An object of lists is two deep; one more for a name around it. */
const DEEPEST = 4;

/** Brackets of a text that are tried as the beginning of JSON. */
const TRIES = 200;

const WITHIN = /(?:["']\s*:|[[,])\s*$/;

/** Arrays and objects of a text in order, not those within others. The last may be incomplete. */
export function* jsonIn(text: string): Generator<JsonNode> {
  const brackets = /[[{]/g;
  for (let tries = 0; tries < TRIES; tries++) {
    const bracket = brackets.exec(text);
    if (bracket === null) return;
    // A part of something that was no JSON: taken by itself it would be of whatever key it has.
    if (bracket[0] === "[" && WITHIN.test(text.slice(Math.max(0, bracket.index - 20), bracket.index)))
      continue;
    const reader = new Reader(text, bracket.index);
    const node = reader.value(0);
    if (node === undefined) continue;
    yield node;
    brackets.lastIndex = reader.at;
  }
}

const STRING = /"(?:[^"\\\n]|\\.)*"/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /\s*/y;

class Reader {
  at: number;
  readonly #text: string;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  /** Undefined when it is not JSON, or not complete and no list either. */
  value(depth: number): JsonNode | undefined {
    if (depth > DEEPEST) return undefined;
    const first = this.#text[this.at];
    if (first === "{" || first === "[") return this.#list(first, depth);
    const start = this.at;
    const number = this.#match(NUMBER);
    // What follows may belong to it.
    if (number !== undefined)
      return this.at === this.#text.length ? undefined : { kind: "number", source: number, start };
    const word = this.#match(WORD);
    if (word !== undefined)
      return word === "null" ? { kind: "other" } : { kind: "boolean", source: word, start };
    return this.#match(STRING) === undefined ? undefined : { kind: "other" };
  }

  #list(bracket: "{" | "[", depth: number): JsonNode | undefined {
    const closing = bracket === "{" ? "}" : "]";
    const members: { key: string; value: JsonNode }[] = [];
    const node = (complete: boolean): JsonNode =>
      bracket === "["
        ? { kind: "array", items: members.map(({ value }) => value), complete }
        : { kind: "object", members, complete };
    this.at++;
    this.#match(SPACE);
    if (this.#text[this.at] === closing) {
      this.at++;
      return node(true);
    }
    for (;;) {
      const member = this.#member(bracket, depth);
      if (member === undefined) return this.#ended() ? node(false) : undefined;
      if (!isComplete(member.value)) return node(false);
      members.push(member);
      this.#match(SPACE);
      const next = this.#text[this.at];
      if (next === undefined) return node(false);
      this.at++;
      if (next === closing) return node(true);
      if (next !== ",") return undefined;
      this.#match(SPACE);
    }
  }

  #member(bracket: "{" | "[", depth: number): { key: string; value: JsonNode } | undefined {
    let key = "";
    if (bracket === "{") {
      const source = this.#match(STRING);
      if (source === undefined) return undefined;
      key = source.slice(1, -1);
      this.#match(SPACE);
      if (this.#text[this.at] !== ":") return undefined;
      this.at++;
      this.#match(SPACE);
    }
    const value = this.value(depth + 1);
    return value === undefined ? undefined : { key, value };
  }

  /** Whether reading failed because the text is at its end, within a string or a word too. */
  #ended(): boolean {
    return /^(?:"(?:[^"\\\n]|\\.)*\\?|-|-?\d+|t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?)?$/.test(
      this.#text.slice(this.at),
    );
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}

function isComplete(node: JsonNode): boolean {
  return (node.kind !== "array" && node.kind !== "object") || node.complete;
}
