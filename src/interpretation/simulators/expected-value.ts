/**
 * The expected value of an integer that a model wrote or would have written, from the alternatives that the endpoint lists for its
 * token (Bills et al. 2023):
 *
 *     E = Σ_v v·p_v / Σ_v p_v          over alternatives that are an integer v of the scale
 *     kept = Σ_v p_v                   what the alternatives that are one add up to
 *
 * Where `kept` is small the model was about to write something else, and the value says little: such values are counted.
 */

import type { TokenLogprob } from "../endpoint/endpoint.ts";

/** Below this a value is counted as doubtful. */
export const DOUBTFUL = 0.9;

export interface Expected {
  readonly value: number;
  readonly kept: number;
}

/** Undefined when no alternative is a value. `valueOf`: of an alternative's text, undefined for one that is none. */
export function expectedValue(
  top: readonly TokenLogprob[],
  valueOf: (token: string) => number | undefined,
): Expected | undefined {
  let kept = 0;
  let sum = 0;
  for (const { token, logprob } of top) {
    const value = valueOf(token);
    if (value === undefined) continue;
    const probability = Math.exp(logprob);
    kept += probability;
    sum += value * probability;
  }
  return kept > 0 ? { value: sum / kept, kept } : undefined;
}

/** Punctuation that tokenizers join with a value: ` 3`, `,3`, `[3`, `3]`. */
const VALUE = /^([\s,:[{"]*)(\d|true|false|t|f|tr|fa|T|F|True|False)([\s,\]}]*)$/;

/**
 * Reads alternatives of the token that a value was written with, a single digit or the beginning of true or false. Undefined if that
 * token holds more than the value: its probability is not the value's then.
 */
export function readerFor(
  token: string,
  lowest: number,
  highest: number,
): ((alternative: string) => number | undefined) | undefined {
  const written = VALUE.exec(token);
  if (written === null) return undefined;
  return (alternative) => {
    const match = VALUE.exec(alternative);
    if (match === null) return undefined;
    const [, before, source] = match as unknown as [string, string, string];
    // A quotation mark begins a string, unless what was written has it too: it closed the key.
    if (before.includes('"') && before !== written[1]) return undefined;
    const value = integerOf(source);
    return value >= lowest && value <= highest ? value : undefined;
  };
}

function integerOf(source: string): number {
  if (/^\d$/.test(source)) return Number(source);
  return /^t/i.test(source) ? 1 : 0;
}
