/**
 * The proxy of a regular expression that the user names: 1 at tokens that have a byte of a match in their context's text, else 0.
 * A document's part of a context is a text of its own: no match reaches across a separator.
 *
 * Some patterns take exponential time ((a+)+$). Matching therefore runs under V8's own timer, which can interrupt it.
 */

import { Script, createContext } from "node:vm";
import { Failure, messageOf, UsageError } from "../../errors.ts";
import type { Proxy } from "./proxy.ts";
import { BROKEN, type Spelling } from "./spelling.ts";

/** For a batch of contexts; ordinary patterns take a thousandth of it. */
const TIME_LIMIT_MS = 3000;

/** Written for the text of bytes that are no whole character. */
const REPLACEMENT = 0xfffd;

/** @throws UsageError when `source` is no regular expression */
export function compilePattern(source: string): RegExp {
  if (source === "")
    throw new UsageError("regex: has no pattern behind it, and would match everywhere: write one");
  try {
    return new RegExp(source, "gu");
  } catch (error) {
    const reason = messageOf(error).replace(/^Invalid regular expression: \/.*\/gu: /s, "");
    throw new UsageError(
      `regex:${source} is no regular expression (${reason}): write one as JavaScript has them with the flag u, and \\x2C for a comma`,
    );
  }
}

export class PatternProxy implements Proxy {
  readonly name: string;
  readonly usual = 0;
  readonly #spelling: Spelling;
  readonly #match: (texts: readonly string[]) => readonly (readonly number[])[];

  constructor(name: string, pattern: RegExp, spelling: Spelling, timeLimit = TIME_LIMIT_MS) {
    this.name = name;
    this.#spelling = spelling;
    this.#match = boundedMatcher(name, pattern, timeLimit);
  }

  evaluate(tokens: Int32Array, context: number, values: Float64Array): void {
    values.fill(0, 0, tokens.length);
    const texts: SpeltText[] = [];
    for (let start = 0; start < tokens.length; start += context) {
      for (const [from, to] of documents(tokens, start, start + context, this.#spelling.separator)) {
        texts.push(spellOut(this.#spelling, tokens, from, to));
      }
    }
    const found = this.#match(texts.map(({ text }) => text));
    for (const [i, { first, last }] of texts.entries()) {
      const bounds = found[i]!;
      for (let b = 0; b < bounds.length; b += 2) {
        values.fill(1, first[bounds[b]!]!, last[bounds[b + 1]! - 1]! + 1);
      }
    }
  }
}

/** Start and end of every match that is not empty, in turn, for each text. */
function boundedMatcher(name: string, pattern: RegExp, timeLimit: number) {
  let texts: readonly string[] = [];
  const global = createContext({ run: () => texts.map((text) => matchBounds(pattern, text)) });
  const script = new Script("run()");
  return (given: readonly string[]): number[][] => {
    texts = given;
    try {
      return script.runInContext(global, { timeout: timeLimit }) as number[][];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      throw new Failure(
        `${name} did not finish within ${timeLimit / 1000} seconds on ${given.reduce((sum, { length }) => sum + length, 0)} ` +
          "characters: repetitions within repetitions, as in (a+)+, can take for ever; write the pattern without them",
      );
    }
  };
}

function matchBounds(pattern: RegExp, text: string): number[] {
  const bounds: number[] = [];
  for (const match of text.matchAll(pattern)) {
    if (match[0] !== "") bounds.push(match.index, match.index + match[0].length);
  }
  return bounds;
}

interface SpeltText {
  readonly text: string;
  /** Of each UTF-16 unit of the text, where the tokens stand that it begins and ends in. */
  readonly first: readonly number[];
  readonly last: readonly number[];
}

function spellOut(spelling: Spelling, tokens: Int32Array, from: number, to: number): SpeltText {
  const parts: string[] = [];
  const first: number[] = [];
  const last: number[] = [];
  spelling.characters(tokens.subarray(from, to), (character, begin, end) => {
    const text = String.fromCodePoint(character === BROKEN ? REPLACEMENT : character);
    parts.push(text);
    for (let unit = 0; unit < text.length; unit++) {
      first.push(from + begin);
      last.push(from + end);
    }
  });
  return { text: parts.join(""), first, last };
}

/** The stretches between separators of positions `start` … `end` − 1. */
function* documents(
  tokens: Int32Array,
  start: number,
  end: number,
  separator: number,
): Generator<[number, number]> {
  for (let from = start; from < end;) {
    const next = tokens.indexOf(separator, from);
    const to = next < 0 || next > end ? end : next;
    if (to > from) yield [from, to];
    from = to + 1;
  }
}
