/**
 * What the proxies have to know of a text: how often each token occurs, and how often it occurs within a script.
 *
 *   p(t)          = (n_t + ½) / (N + V/2)              a token that the sample does not have is rare, not impossible
 *   P(script)     = (tokens within it + ½) / (N + 1)
 *   begun(b)      = of the tokens that end in the middle of a character, with its bytes b read by then, those whose character
 *                   turns out to be of the script, as a share
 *   fraction(t)   = of the occurrences of t, the share in which every character that t has bytes of is of the script
 *
 * A character cut off at the end of a context is left out of both: nobody can say what it was.
 */

import type { TokenSplit } from "../../text/shards.ts";
import type { InScript } from "./scripts.ts";
import { BROKEN, beginningKey, openSize, type Spelling } from "./spelling.ts";

/** Enough that a token with p = 1e-5 is counted to a fifth; reading it takes a second or two. */
export const CENSUS_TOKENS = 2_000_000;

/** Byte-level BPE writes the space before a word into the word's first token: there it is of no script. */
const SPACE = 0x20;
const CHUNK = 64;

export interface ScriptCensus {
  /** P(script). */
  readonly probability: number;
  /** begun(b), by `beginningKey` of b; absent for what the sample does not have. */
  readonly begun: ReadonlyMap<number, number>;
  /** By token; 0 for tokens that the sample does not have. */
  readonly fraction: Float64Array;
}

export interface Census {
  readonly tokens: number;
  /** log p(t) by token. */
  readonly logProbability: Float64Array;
  /** In the order in which scripts were given. */
  readonly scripts: readonly ScriptCensus[];
}

/** Counts at most `maxTokens` tokens, in whole contexts spread evenly over the split. */
export function takeCensus(
  spelling: Spelling,
  split: TokenSplit,
  scripts: readonly InScript[],
  maxTokens: number = CENSUS_TOKENS,
): Census {
  const counts = new Float64Array(spelling.size);
  const within = scripts.map(() => new Within(spelling.size));
  let tokens = 0;
  for (const context of sampled(split, maxTokens)) {
    tokens += context.length;
    for (const token of context) counts[token]!++;
    for (const [s, has] of scripts.entries()) countWithin(spelling, context, has, within[s]!);
  }
  const log = counts.map((n) => Math.log((n + 0.5) / (tokens + spelling.size / 2)));
  return {
    tokens,
    logProbability: log,
    scripts: within.map(({ known, inside, begun }) => ({
      probability: (inside.reduce((sum, n) => sum + n, 0) + 0.5) / (tokens + 1),
      begun: new Map([...begun].map(([key, { all, ofScript }]) => [key, ofScript / all])),
      fraction: known.map((n, token) => (n === 0 ? 0 : inside[token]! / n)),
    })),
  };
}

function* sampled(split: TokenSplit, maxTokens: number): Generator<Int32Array> {
  const wanted = Math.max(1, Math.min(split.contexts, Math.floor(maxTokens / split.context)));
  if (split.contexts === 0) return;
  if (wanted === split.contexts) {
    for (let first = 0; first < wanted; first += CHUNK) {
      const count = Math.min(CHUNK, wanted - first);
      const chunk = split.read(first, count);
      for (let c = 0; c < count; c++) yield chunk.subarray(c * split.context, (c + 1) * split.context);
    }
    return;
  }
  for (let i = 0; i < wanted; i++) yield split.read(Math.floor((i * split.contexts) / wanted), 1);
}

const OUTSIDE = 1;
const UNKNOWN = 2;

/** Counts for one script. */
class Within {
  /** By token: occurrences of which it can be said, and those within the script. */
  readonly known: Float64Array;
  readonly inside: Float64Array;
  readonly begun = new Map<number, { all: number; ofScript: number }>();

  constructor(tokens: number) {
    this.known = new Float64Array(tokens);
    this.inside = new Float64Array(tokens);
  }

  countBeginning(key: number, ofScript: boolean): void {
    let counts = this.begun.get(key);
    if (counts === undefined) this.begun.set(key, (counts = { all: 0, ofScript: 0 }));
    counts.all++;
    if (ofScript) counts.ofScript++;
  }
}

function countWithin(spelling: Spelling, context: Int32Array, has: InScript, within: Within): void {
  // A token without characters of its own (a separator, a space alone) is in no script.
  const marks = new Uint8Array(context.length);
  const begun = new Uint8Array(context.length);
  const letters = new Uint8Array(context.length);
  spelling.characters(context, (character, first, last) => {
    const verdict = character === BROKEN ? UNKNOWN : has(character) ? 0 : OUTSIDE;
    if (last > first)
      countBeginnings(spelling, context.subarray(first, last + 1), character, verdict === 0, within);
    for (let position = first; position <= last; position++) {
      const opens = begun[position] === 0;
      begun[position] = 1;
      if (opens && character === SPACE && spelling.bytes(context[position]!).length > 1) continue;
      letters[position] = 1;
      marks[position]! |= verdict;
    }
  });
  for (let position = 0; position < context.length; position++) {
    const mark = marks[position]!;
    const token = context[position]!;
    if ((mark & OUTSIDE) === 0 && (mark & UNKNOWN) !== 0) continue;
    within.known[token]!++;
    if (mark === 0 && letters[position] === 1) within.inside[token]!++;
  }
}

/** A character that lies in all of `tokens`: what has been read of it where each but the last ends. */
function countBeginnings(
  spelling: Spelling,
  tokens: Int32Array,
  character: number,
  ofScript: boolean,
  within: Within,
): void {
  const bytes = Buffer.from(String.fromCodePoint(character));
  let read = openSize(spelling.bytes(tokens[0]!));
  for (let t = 0; t < tokens.length - 1; t++) {
    if (t > 0) read += spelling.bytes(tokens[t]!).length;
    within.countBeginning(beginningKey(bytes.subarray(0, read)), ofScript);
  }
}
