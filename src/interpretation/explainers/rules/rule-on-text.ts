/** Where a rule holds in a text, and the rule in words. */

import type { ExplainSide } from "../explain-side.ts";
import { quoteToken } from "../quote-token.ts";
import type { Rule } from "./conditions.ts";
import type { Indicators } from "./indicators.ts";
import { SCRIPT_NAMES } from "./scripts.ts";
import { readSurroundings, SURROUNDINGS } from "./surroundings.ts";

/** Where a rule holds in a sequence, as 0 and 1. */
export function holds(rule: Rule, ids: readonly number[], indicators: Indicators): Uint8Array {
  const found = new Uint8Array(ids.length).fill(1);
  const { current, context } = rule;
  const keep = (test: (place: number) => boolean) => {
    for (let place = 0; place < ids.length; place++) if (!test(place)) found[place] = 0;
  };
  const { traits } = indicators;
  if (current?.kind === "token") keep((place) => ids[place] === current.token);
  if (current?.kind === "trait") keep((place) => traits.has(ids[place]!, current.trait));
  if (current?.kind === "script") {
    const scripts = new Uint8Array(ids.length);
    indicators.scripts.read(Int32Array.from(ids), scripts);
    keep((place) => scripts[place] === current.script);
  }
  if (context?.kind === "after-token") keep((place) => place > 0 && ids[place - 1] === context.token);
  if (context?.kind === "after-trait") {
    keep((place) => place > 0 && traits.has(ids[place - 1]!, context.trait));
  }
  if (context?.kind === "surroundings") {
    const marks = readSurroundings(ids, indicators.textOf, context.bit);
    keep((place) => marks[place] !== 0);
  }
  return found;
}

/** What goes behind "fires on": "“ of” after “ number”", "numbers inside a date", "tokens after “(”". */
export function phrase({ current, context }: Rule, { passage }: ExplainSide, { traits }: Indicators): string {
  const quoted = (token: number) => quoteToken(passage.tokenText(token));
  const what =
    current === null
      ? "tokens"
      : current.kind === "token"
        ? quoted(current.token)
        : current.kind === "trait"
          ? traits.names[current.trait]!
          : SCRIPT_NAMES[current.script - 1]!;
  if (context === null) return what;
  const where =
    context.kind === "after-token"
      ? `after ${quoted(context.token)}`
      : context.kind === "after-trait"
        ? `after ${traits.names[context.trait]!}`
        : SURROUNDINGS[context.bit]!;
  return `${what} ${where}`;
}
