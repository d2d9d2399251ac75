/**
 * How often each condition, and each pair of one on the token and one on its context, holds on the side "explain". Counted once a passage:
 * with them, the correlation of a unit with any rule follows from its active tokens alone.
 */

import type { Passage } from "../../evidence/passage.ts";
import { type ExplainSide, hasNext, INNER } from "../explain-side.ts";
import { pairCounts } from "../pair-counts.ts";
import type { OfContext, OfToken } from "./conditions.ts";
import { SCRIPT_NAMES, ScriptReader } from "./scripts.ts";
import { readSurroundings, SURROUNDINGS } from "./surroundings.ts";
import { Traits } from "./traits.ts";

export class Indicators {
  readonly traits: Traits;
  readonly scripts: ScriptReader;
  /** What a token spells, as it is shown, with U+FFFD for bytes that are no character. */
  readonly textOf: (token: number) => string;
  /** Of each token of the passage: its script, and the bits of its surroundings. 0 elsewhere than on the side. */
  readonly script: Uint8Array;
  readonly surroundings: Uint32Array;
  readonly scriptCounts = new Float64Array(SCRIPT_NAMES.length + 1);
  /** Tokens behind one with the class, by class; then by bit of the surroundings. */
  readonly contextCounts: Float64Array;
  /** Occurrences as a token that another follows, by token. */
  readonly beforeCounts: Uint32Array;
  readonly #side: ExplainSide;
  /** Occurrences of each token in each context [vocabulary, contexts], of each class and of each script. */
  readonly #byToken: Uint32Array;
  readonly #byClass: Float64Array;
  readonly #byScript: Float64Array;
  /** Occurrences of each class behind each token [vocabulary, classes]. */
  readonly #classAfter: Uint32Array;

  constructor(side: ExplainSide) {
    const { passage, vocabulary, rows, place } = side;
    const { tokens } = passage;
    this.#side = side;
    this.traits = new Traits(side);
    const spelt = Array.from({ length: vocabulary }, (_, token) => plain(passage.tokenText(token)));
    this.textOf = (token) => spelt[token] ?? plain(passage.tokenText(token));
    this.scripts = new ScriptReader(passage, vocabulary);
    this.scripts.learn([...stretches(side)].map(([from, to]) => tokens.subarray(from, to)));
    this.script = new Uint8Array(tokens.length);
    this.surroundings = new Uint32Array(tokens.length);
    for (const [from, to] of stretches(side)) {
      this.scripts.read(tokens.subarray(from, to), this.script.subarray(from, to));
      this.surroundings.set(readSurroundings(tokens.subarray(from, to), this.textOf), from);
    }
    const { classes } = this.traits;
    const contexts = this.contexts;
    this.contextCounts = new Float64Array(contexts);
    this.beforeCounts = new Uint32Array(vocabulary);
    this.#byToken = new Uint32Array(vocabulary * contexts);
    this.#byScript = new Float64Array(this.scriptCounts.length * contexts);
    this.#classAfter = new Uint32Array(vocabulary * classes);
    const held = new Int32Array(contexts);
    for (const row of rows) {
      const token = tokens[row]!;
      const script = this.script[row]!;
      this.scriptCounts[script]!++;
      let count = 0;
      if (place[row] === INNER) {
        const before = tokens[row - 1]!;
        this.beforeCounts[before]!++;
        for (const trait of this.traits.of(before)) if (trait < classes) held[count++] = trait;
        for (const trait of this.traits.of(token)) {
          if (trait < classes) this.#classAfter[before * classes + trait]!++;
        }
      }
      for (let bits = this.surroundings[row]!, bit = 0; bits !== 0; bits >>>= 1, bit++) {
        if (bits & 1) held[count++] = classes + bit;
      }
      for (let at = 0; at < count; at++) {
        this.contextCounts[held[at]!]!++;
        this.#byToken[token * contexts + held[at]!]!++;
        this.#byScript[script * contexts + held[at]!]!++;
      }
    }
    this.#byClass = new Float64Array(classes * contexts);
    for (let trait = 0; trait < classes; trait++) {
      for (const token of this.traits.members(trait)) {
        for (let c = 0; c < contexts; c++) {
          this.#byClass[trait * contexts + c]! += this.#byToken[token * contexts + c]!;
        }
      }
    }
  }

  /** Classes of the token before, then surroundings. */
  get contexts(): number {
    return this.traits.classes + SURROUNDINGS.length;
  }

  /** How often both hold; null for pairs that are not counted. */
  count(current: OfToken, context: OfContext): number | null {
    if (context.kind === "after-token") return this.#countAfter(current, context.token);
    const column = context.kind === "after-trait" ? context.trait : this.traits.classes + context.bit;
    const { contexts } = this;
    if (current.kind === "token") return this.#byToken[current.token * contexts + column]!;
    if (current.kind === "script") return this.#byScript[current.script * contexts + column]!;
    if (current.trait < this.traits.classes) return this.#byClass[current.trait * contexts + column]!;
    let count = 0;
    for (const token of this.traits.members(current.trait))
      count += this.#byToken[token * contexts + column]!;
    return count;
  }

  #countAfter(current: OfToken, before: number): number | null {
    const pairs = pairCounts(this.#side);
    if (current.kind === "token") return pairs.count(before, current.token);
    if (current.kind === "script") return null;
    const { classes } = this.traits;
    if (current.trait < classes) return this.#classAfter[before * classes + current.trait]!;
    let count = 0;
    for (const token of this.traits.members(current.trait)) count += pairs.count(before, token);
    return count;
  }
}

function plain(text: string): string {
  return text.replace(/\\x[89A-F][0-9A-F]/g, "\ufffd");
}

const known = new WeakMap<Passage, Indicators>();

export function indicatorsOf(side: ExplainSide): Indicators {
  let indicators = known.get(side.passage);
  if (indicators === undefined) known.set(side.passage, (indicators = new Indicators(side)));
  return indicators;
}

/** First and end of every stretch of the side. */
function* stretches(side: ExplainSide): Generator<[from: number, to: number]> {
  const { rows, place } = side;
  for (let at = 0; at < rows.length;) {
    const from = rows[at]!;
    let to = from + 1;
    while (hasNext(side, to - 1) && place[to] === INNER) to++;
    yield [from, to];
    at += to - from;
  }
}
