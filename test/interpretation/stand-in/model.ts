/** The stand-in's model: a brain's answer as tokens with their probabilities. */

import { type Asked, type Brain, beside, mostly, type Probabilities } from "./brain.ts";
import type { Settings } from "./settings.ts";
import { PRINTABLE, tokensOf } from "./tokens.ts";

export interface Alternative {
  readonly token: string;
  readonly logprob: number;
}

export interface SpokenToken {
  readonly token: string;
  readonly logprob: number;
  /** The likeliest first; the token itself is not always among them. */
  readonly top: readonly Alternative[];
}

/** The answer's tokens, the first `limit` of them, each with `count` alternatives. */
export function speak(
  brain: Brain,
  asked: Asked,
  text: string,
  settings: Settings,
  limit: number,
  count: number,
): SpokenToken[] {
  let offset = 0;
  let nth = 0;
  return tokensOf(text, settings.numbers, settings.digits)
    .slice(0, limit)
    .map((token) => {
      const digits = /\d+$/.exec(token)?.[0];
      // With digits as tokens of their own, only the first of a number has the brain's probabilities.
      const start = digits !== undefined && !/\d/.test(text[offset + token.length - digits.length - 1] ?? "");
      let probabilities: Probabilities | undefined;
      if (start) {
        const prefix = token.slice(0, token.length - digits.length);
        const values = brain.number?.(asked, nth++, Number(digits)) ?? beside(Number(digits));
        probabilities = Object.fromEntries(
          Object.entries(values).map(([value, p]) => [
            prefix + (settings.digits === "single" ? value[0] : value),
            p,
          ]),
        );
      } else {
        probabilities = brain.token?.(asked, offset, token);
      }
      offset += token.length;
      return spoken(token, probabilities, count);
    });
}

/** The prompt's own tokens, each with what could stand in its place; the first has nothing before it to be predicted from. */
export function score(
  brain: Brain,
  asked: Asked,
  settings: Settings,
  count: number,
): (SpokenToken & { readonly offset: number })[] {
  let offset = 0;
  return tokensOf(asked.text, settings.numbers, settings.digits).map((token) => {
    const at = offset;
    offset += token.length;
    return { ...spoken(token, brain.prompt?.(asked, at, token), count), offset: at };
  });
}

function spoken(token: string, given: Probabilities | undefined, count: number): SpokenToken {
  const probabilities = { ...(given ?? mostly(token)) };
  // A real list is always full: what nobody asked about is there too, and unlikely.
  for (const [i, filler] of PRINTABLE.entries()) probabilities[filler] ??= 1e-7 / (i + 1);
  probabilities[token] ??= 1e-9;
  const sum = Object.values(probabilities).reduce((a, b) => a + b, 0);
  const all = Object.entries(probabilities)
    .filter(([, p]) => p > 0)
    .map(([text, p]) => ({ token: text, logprob: Math.log(p / sum) }))
    .sort((a, b) => b.logprob - a.logprob);
  const logprob = all.find((one) => one.token === token)?.logprob ?? -9999;
  return { token, logprob, top: all.slice(0, count) };
}
